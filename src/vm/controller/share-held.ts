import { BulkheadError, isBulkheadError } from '../../common/errors/bulkhead-error.js';
import { Hurried } from './turns.js';

/** As bulkheadd names who uses a directory (`src/daemon/share-users.ts`). */
const user = /^(?:the engine|container [0-9a-f]{1,12})$/;

/**
 * What a person is told where the guest was asked to let go of a directory and did not say that it has. Threat: it may answer with any error there is, such as the one that says
 * that nothing is shared, while the host serves it on. So its words are quoted at most, and about the host they say nothing. Pure.
 *
 * @param error what came of asking.
 */
export function shareHeld(path: string, answerMs: number, error: unknown): BulkheadError {
  const told = isBulkheadError(error) ? error : undefined;
  const used = String(told?.params['user']);
  if (told?.code === 'BH_SHARE_IN_USE' && user.test(used))
    return new BulkheadError('BH_SHARE_IN_USE', { path, user: used }, { cause: error });
  return new BulkheadError('BH_SHARE_HELD', { path, answer: answerOf(answerMs, error) }, { cause: error });
}

/** In words for a person, that the guest gave no answer in its time; undefined where it is something else. Pure. */
export function silenceOf(answerMs: number, error: unknown): string | undefined {
  if (error instanceof Hurried)
    return 'had not answered when a directory was taken away by force (`bulkhead share list` shows what is left)';
  return error instanceof Error && error.name === 'TimeoutError'
    ? `has not answered within ${answerMs / 1000} s`
    : undefined;
}

function answerOf(answerMs: number, error: unknown): string {
  const silence = silenceOf(answerMs, error);
  if (silence !== undefined) return silence;
  if (!isBulkheadError(error)) return 'gave no answer that makes sense';
  const reason = error.code === 'BH_SHARE_NOT_PLACED' ? error.params['reason'] : undefined;
  return reason === undefined ? `answered ${error.code}` : `answered ${JSON.stringify(reason)}`;
}
