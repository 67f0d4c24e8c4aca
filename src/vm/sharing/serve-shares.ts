import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { abortable } from '../../common/abort.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { readLines } from '../../common/line-reader.js';
import type { Logger } from '../../common/log.js';
import { printable } from '../../common/printable.js';
import type { ShareServerProgram } from '../../image/index.js';
import type { ServedShare } from '../backend.js';
import { checkSocketPath } from '../instance/paths.js';
import { distinctShares, type OpenedShare } from './open-shares.js';
import { serverCommand } from './server-arguments.js';

/** Built by `make -C src/vm/share-guard`; the same place whether this module runs from `src` or from `dist`. */
export const guardProgram = fileURLToPath(
  new URL('../../../src/vm/share-guard/build/share-guard', import.meta.url),
);

/** What virtiofsd says, in the version of the image, once it has shut itself in and takes a connection. */
const readyLine = 'Waiting for vhost-user socket connection';

/** Lines of a server that are logged: a guest can have it complain without an end. */
const mostLines = 200;
const startDeadlineMs = 20_000;
/** Of one that was killed: only a file system that does not answer keeps it. */
const endDeadlineMs = 10_000;
const directory = 3;

/** The servers of the directories of one VM. Disposing of them ends them; they end by themselves with the VM. */
export interface ShareServers extends AsyncDisposable {
  /** Those it starts with. */
  readonly served: readonly ServedShare[];
  /** One more. @throws BH_SHARE_SERVER; none runs then. */
  add(share: OpenedShare): Promise<ServedShare>;
  /** Ends one. @throws BH_SHARE_SERVER_LEFT, also when it is said again, until it has ended. */
  remove(tag: string): Promise<void>;
}

interface Where {
  /** For their sockets; nobody else may reach into it. */
  readonly runtimeDir: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly endMs?: number;
}

/**
 * Starts a server for each directory, as the user this process runs as. Resolves when all take the VM's connection.
 *
 * @throws BH_SHARE_SERVER, the signal's reason; nothing runs then.
 */
export async function serveShares(
  shares: readonly OpenedShare[],
  program: ShareServerProgram,
  where: Where,
): Promise<ShareServers> {
  const running = new RunningServers(program, where);
  try {
    for (const share of distinctShares(shares)) running.served.push(await running.add(share));
  } catch (error) {
    await running[Symbol.asyncDispose]();
    throw error;
  }
  return running;
}

class RunningServers implements ShareServers {
  readonly served: ServedShare[] = [];
  readonly #program: ShareServerProgram;
  readonly #where: Where;
  /** What ends each, by its tag. */
  readonly #running = new Map<string, () => Promise<void>>();
  /** A tag is never given twice: the guest may not have let go of its device. */
  #next = 0;

  constructor(program: ShareServerProgram, where: Where) {
    this.#program = program;
    this.#where = where;
  }

  async add(share: OpenedShare): Promise<ServedShare> {
    const { runtimeDir } = this.#where;
    const tag = `share${this.#next}`;
    this.#next += 1;
    const socket = checkSocketPath(join(runtimeDir, `${tag}.sock`));
    await using server = new AsyncDisposableStack();
    const removeSocket = (): Promise<void> => rm(socket, { force: true });
    server.defer(removeSocket);
    const command = serverCommand(guardProgram, this.#program, share, { directory, socket });
    const end = await startServer(command, share, server, this.#where);
    server.move();
    this.#running.set(tag, async () => {
      await end();
      await removeSocket();
    });
    return { tag, socket };
  }

  async remove(tag: string): Promise<void> {
    await this.#running.get(tag)?.();
    this.#running.delete(tag);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const tag of [...this.#running.keys()].toReversed())
      await this.remove(tag).catch(told(this.#where.logger));
  }
}

/** Where nobody is there to be told that one has not ended. */
function told(logger: Logger): (error: unknown) => void {
  return (error) => logger.error({ err: error }, 'the server of a shared directory has not ended');
}

/** @returns what ends it, as often as it is asked to. */
async function startServer(
  [file, ...args]: readonly [string, ...string[]],
  { path, handle }: OpenedShare,
  running: AsyncDisposableStack,
  { logger, signal, endMs = endDeadlineMs }: Where,
): Promise<() => Promise<void>> {
  const failed = (reason: string): BulkheadError => new BulkheadError('BH_SHARE_SERVER', { path, reason });
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe', handle.fd], env: {}, cwd: '/' });
  const { stderr } = child;
  if (stderr === null) throw new TypeError('no standard error');
  const said: string[] = [];
  const { promise: ready, resolve } = Promise.withResolvers<boolean>();
  let lines = 0;
  let wanted = true;
  const heard = readLines(stderr, (line) => {
    if (line.includes(readyLine)) resolve(true);
    lines += 1;
    if (lines <= mostLines)
      logger.info({ path, line: printable(line) }, 'a server of a shared directory said');
    said.push(printable(line));
    if (said.length > 4) said.shift();
  }).then(() => resolve(false));
  child.once('error', (error) => said.push(error.message));
  const ended = new Promise<void>((resolve) => {
    child.once('close', (code) => {
      if (wanted) logger.error({ path, code }, 'the server of a shared directory has ended');
      resolve();
    });
  });
  const end = async (): Promise<void> => {
    wanted = false;
    child.kill('SIGKILL');
    await abortable(ended, AbortSignal.timeout(endMs)).catch((cause: unknown) => {
      const params = { path, pid: child.pid ?? 0, seconds: endMs / 1000 };
      throw new BulkheadError('BH_SHARE_SERVER_LEFT', params, { cause });
    });
  };
  running.defer(() => end().catch(told(logger)));
  const deadline = AbortSignal.timeout(startDeadlineMs);
  AbortSignal.any([signal, deadline]).addEventListener('abort', () => resolve(false), { once: true });
  if (await ready) return end;
  signal.throwIfAborted();
  wanted = false;
  if (deadline.aborted) throw failed(`it did not answer within ${startDeadlineMs / 1000} s`);
  await heard;
  throw failed(said.join('; ') || 'it ended at once');
}
