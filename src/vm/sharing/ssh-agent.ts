import { type FileHandle, open } from 'node:fs/promises';
import { messageOf } from '../../common/cause.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { openAsPath } from './host-place.js';

/** Whose agent it is: the person who ran sudo, if it was that. */
export function invokingUser(env: Readonly<Record<string, string | undefined>>, uid: number): number {
  const given = env['SUDO_UID'] ?? '';
  return uid === 0 && /^\d{1,10}$/.test(given) ? Number(given) : uid;
}

/**
 * Opens the socket of an ssh agent by descriptor, so that another file put in its place is not what containers get.
 *
 * @param owner the user it must belong to: root must not pass on a socket that somebody else put there.
 *
 * Throws `BH_SSH_AGENT`. The handle is the caller's to close.
 */
export async function openSshAgent(path: string, owner: number): Promise<FileHandle> {
  const unusable = (reason: string): BulkheadError => new BulkheadError('BH_SSH_AGENT', { reason });
  if (path === '') throw unusable('SSH_AUTH_SOCK is not set');
  const handle = await open(path, openAsPath).catch((error: unknown) => {
    throw unusable(messageOf(error));
  });
  const stat = await handle.stat();
  if (stat.isSocket() && stat.uid === owner) return handle;
  await handle.close();
  throw unusable(
    stat.isSocket() ? `${path} belongs to user ${stat.uid}, not ${owner}` : `${path} is not a socket`,
  );
}
