import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statfsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import type { ExitStatus } from '../init/init-protocol.js';

/** As many portions, each of so many files with so many bytes: 8 MiB and 264 inodes together, which is no matter on any disk. */
const portions = 8;
const filesOfPortion = 32;
const bytesOfFile = 32 * 1024;

/** What is free on a file system, to root. */
export interface FreeSpace {
  readonly bytes: number;
  /** Undefined where the file system makes inodes as they are needed. */
  readonly inodes: number | undefined;
}

/** Far more than dockerd needs to come up (some directories and small files), and less than anybody else gets along with. Pure. */
export function isFull({ bytes, inodes = Infinity }: FreeSpace): boolean {
  return bytes < 4 * 1024 * 1024 || inodes < 128;
}

/** Whether a portion can be put aside without anybody missing it. Pure. */
export function hasRoom({ bytes, inodes = Infinity }: FreeSpace): boolean {
  return bytes > 32 * 1024 * 1024 && inodes > 1024;
}

export interface StorageReserveOptions {
  /** On the file system in question; made when absent. Nothing else is in it. */
  readonly directory: string;
  /** Only tests pass another. */
  readonly freeSpace?: (directory: string) => FreeSpace;
}

/**
 * Storage put aside so that a full disk does not keep the engine from starting. Threat: one container takes every block or every inode, and
 * dockerd, which makes directories before it serves anybody, ends at each start: nobody can remove that container any more, in the VM not even root.
 *
 * Released in portions, because containers with a restart policy start with the engine and take what is free at once: it comes up as
 * often as there are portions, even if nobody ever makes room. A running engine removes containers on a full disk.
 */
export class StorageReserve {
  readonly #directory: string;
  readonly #freeSpace: (directory: string) => FreeSpace;

  constructor({ directory, freeSpace = freeSpaceOf }: StorageReserveOptions) {
    this.#directory = directory;
    this.#freeSpace = freeSpace;
  }

  /** Makes the missing portions, as long as there is room. Rejects with what the file system says; what was begun is taken back. */
  async fill(): Promise<void> {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    for (let portion = 0; portion < portions; portion += 1) {
      const name = `${this.#directory}/${portion}`;
      if (existsSync(name)) continue;
      if (!hasRoom(this.#freeSpace(this.#directory))) return;
      await this.#make(name);
    }
  }

  /**
   * Removes one portion if the file system is full.
   *
   * @returns how many are left; undefined when it is not full, or none was there. Throws what the file system says.
   */
  release(): number | undefined {
    if (!existsSync(this.#directory)) return undefined;
    const [portion, ...left] = readdirSync(this.#directory);
    if (portion === undefined || !isFull(this.#freeSpace(this.#directory))) return undefined;
    rmSync(`${this.#directory}/${portion}`, { recursive: true });
    return left.length;
  }

  async #make(name: string): Promise<void> {
    const unfinished = `${name}.new`;
    rmSync(unfinished, { recursive: true, force: true });
    try {
      mkdirSync(unfinished, { mode: 0o700 });
      for (let file = 0; file < filesOfPortion; file += 1)
        await writeFile(`${unfinished}/${file}`, Buffer.alloc(bytesOfFile, 'bulkhead'), { flag: 'wx' });
      renameSync(unfinished, name);
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true });
      throw error;
    }
  }
}

/** What another gives back is put aside again within a minute. */
const pauseMs = 60_000;

/** Keeps the reserve filled from when the engine answers on: before that, containers that start with it may need the room. Never ends. */
export async function keepStorageReserve(
  reserve: StorageReserve,
  {
    whenReady,
    clock,
    log,
  }: { readonly whenReady: () => Promise<void>; readonly clock: Clock; readonly log: Logger },
): Promise<never> {
  for (;;) {
    await whenReady();
    await reserve.fill().catch((error: unknown) => {
      log.warn({ err: error }, 'no storage could be put aside for a start of the engine on a full disk');
    });
    await clock.sleep(pauseMs);
  }
}

/** Whenever a service ended with an error, which on a full disk most likely is that. Never throws: it must be started again whatever happens. */
export function releaseReserve(reserve: StorageReserve, lastExit: ExitStatus | null, log: Logger): void {
  if (lastExit?.kind !== 'code' || lastExit.value === 0) return;
  try {
    const portionsLeft = reserve.release();
    if (portionsLeft !== undefined)
      log.error({ portionsLeft }, 'the disk is full; storage put aside for the engine was given back');
  } catch (error) {
    log.error(
      { err: error },
      'the disk is full, and no storage put aside for the engine could be given back',
    );
  }
}

function freeSpaceOf(directory: string): FreeSpace {
  const { bfree, bsize, files, ffree } = statfsSync(directory);
  return { bytes: bfree * bsize, inodes: files === 0 ? undefined : ffree };
}
