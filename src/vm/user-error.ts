import { messageOf } from '../common/cause.js';
import { BulkheadError, isBulkheadError } from '../common/errors/bulkhead-error.js';

/** The error itself if it is one of ours, else `BH_INTERNAL` around it, so that nothing reaches a person without a code. */
export function toUserError(error: unknown): BulkheadError {
  if (isBulkheadError(error)) return error;
  const reason = messageOf(error);
  return new BulkheadError('BH_INTERNAL', { reason }, { cause: error });
}
