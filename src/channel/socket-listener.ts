import { once } from 'node:events';
import { link, lstat, rename, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { codeOf, messageOf } from '../common/cause.js';
import { BulkheadError } from '../common/errors/bulkhead-error.js';

/** Bytes; sun_path holds 108 with its NUL (unix(7)), and what is longer would be cut to another path. */
const longestPath = 107;

/**
 * Makes a server listen on a unix socket that only its owner may connect to, from the first moment it exists. A
 * socket left behind by a process that died is replaced.
 *
 * Throws BH_SOCKET_TAKEN when another process listens there, BH_SOCKET_PATH when no socket can be made.
 */
export async function listenPrivately(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > longestPath) {
    throw new BulkheadError('BH_SOCKET_PATH', { path, reason: `it is longer than ${longestPath} bytes` });
  }
  try {
    await bind(server, path);
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw pathError(path, error);
    await removeStale(path);
    await bind(server, path).catch((error: unknown) => {
      throw codeOf(error) === 'EADDRINUSE'
        ? new BulkheadError('BH_SOCKET_TAKEN', { path })
        : pathError(path, error);
    });
  }
}

/**
 * bind(2) creates the file with the modes the umask leaves; a chmod afterwards would let others in between, and
 * a connection made then stays. Node binds before `listen` returns, so nothing else of ours runs under this
 * umask but calls of its thread pool, which it can only make stricter.
 */
async function bind(server: Server, path: string): Promise<void> {
  const listening = once(server, 'listening');
  const before = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
  await listening;
}

/**
 * Moved aside before it is asked whether somebody listens: between a question and an unlink another instance
 * may have put its own socket in place, and that one must not be deleted.
 */
async function removeStale(path: string): Promise<void> {
  const aside = `${path}.${process.pid}`;
  try {
    if (!(await lstat(path)).isSocket()) {
      throw new BulkheadError('BH_SOCKET_PATH', { path, reason: 'a file that is no socket stands there' });
    }
    if (await isLive(path)) throw new BulkheadError('BH_SOCKET_TAKEN', { path });
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  try {
    if (await isLive(aside)) {
      await link(aside, path);
      throw new BulkheadError('BH_SOCKET_TAKEN', { path });
    }
  } finally {
    await unlink(aside);
  }
}

async function isLive(path: string): Promise<boolean> {
  const probe = connect(path);
  try {
    await once(probe, 'connect');
    return true;
  } catch (error) {
    // Anything but a refusal, a full backlog for one, comes from somebody who listens.
    return codeOf(error) !== 'ECONNREFUSED';
  } finally {
    probe.destroy();
  }
}

function pathError(path: string, cause: unknown): BulkheadError {
  const reason = messageOf(cause);
  return new BulkheadError('BH_SOCKET_PATH', { path, reason }, { cause });
}
