import { link, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, isAbsent } from '../../common/cause.js';
import type { Clock } from '../../common/clock.js';
import { syncDirectory } from '../../common/durable-file.js';
import { type Exec, systemExec } from '../../common/exec.js';
import { systemClock } from '../../common/system-clock.js';
import { endingWithParent } from '../qemu/parent-death.js';
import { type DiskRecord, readDiskRecord, writeDiskRecord } from './disk-record.js';

/** What moving a disk does to the machine, one step each; after each the process may be gone. Every step rejects with what the system says. */
export interface DiskFiles {
  readRecord(): DiskRecord | undefined;
  writeRecord(record: DiskRecord): Promise<void>;
  /** A second name of the same file. False where there can be none: another file system, or one without hard links. */
  link(from: string, to: string): Promise<boolean>;
  /** A new file of the same content, its holes left out, on disk when it resolves. `to` must not exist. */
  copy(from: string, to: string, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Takes a name away, durably; nothing where there is none. */
  remove(file: string): Promise<void>;
  /** Names in the directory of this file are there after a loss of power, too. */
  syncName(file: string): Promise<void>;
  exists(file: string): Promise<boolean>;
}

const cannotLink: ReadonlySet<unknown> = new Set([
  'EXDEV',
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EMLINK',
  'ENOSYS',
]);
const progressEveryMs = 500;

/** @param record path of `disk.json`. */
export function systemDiskFiles(
  record: string,
  {
    exec = systemExec,
    clock = systemClock,
    platform = process.platform,
  }: { readonly exec?: Exec; readonly clock?: Clock; readonly platform?: NodeJS.Platform } = {},
): DiskFiles {
  return {
    readRecord: () => readDiskRecord(record),
    writeRecord: async (content) => writeDiskRecord(record, content),
    async link(from, to) {
      try {
        await link(from, to);
        return true;
      } catch (error) {
        if (cannotLink.has(codeOf(error))) return false;
        throw error;
      }
    },
    async copy(from, to, onBytes, signal) {
      const over = new AbortController();
      void tellBytes(to, onBytes, clock, over.signal);
      try {
        // For the user alone from its first byte on; cp keeps what is there.
        await using copy = await open(to, 'wx', 0o600);
        // Some file systems (FAT, exFAT, NTFS) give every file the mode they were mounted with.
        if (((await copy.stat()).mode & 0o077) !== 0)
          throw new Error('files there cannot be kept from other users');
        // Node cannot find holes (SEEK_DATA of lseek(2)), and reading 64 GiB of them takes minutes. Ended with this process: a copy that goes on alone would be in the way of the next.
        const sparse = platform === 'linux' ? ['--sparse=always'] : [];
        const [file, ...args] = endingWithParent(['/bin/cp', ...sparse, '--', from, to], platform);
        const { exitCode, stderr } = await exec.run(file, args, { signal, env: { LC_ALL: 'C' } });
        if (exitCode !== 0) throw new Error(stderr === '' ? `cp ended with status ${exitCode}` : stderr);
        await copy.sync();
        const [whole, made] = await Promise.all([stat(from), copy.stat()]);
        if (whole.size !== made.size) throw new Error(`${made.size} of ${whole.size} bytes were copied`);
      } finally {
        over.abort();
      }
    },
    rename,
    async remove(file) {
      await rm(file, { force: true });
      await syncIfThere(dirname(file));
    },
    syncName: async (file) => syncDirectory(dirname(file)),
    exists: async (file) => {
      try {
        await stat(file);
        return true;
      } catch (error) {
        if (isAbsent(error)) return false;
        throw error;
      }
    },
  };
}

/** The medium of a copy that was never finished may be gone, directory and all. */
async function syncIfThere(directory: string): Promise<void> {
  try {
    syncDirectory(directory);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** Only for people: how much of the copy takes space by now. */
async function tellBytes(
  file: string,
  onBytes: (bytes: number) => void,
  clock: Clock,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    try {
      await clock.sleep(progressEveryMs, over);
      onBytes((await stat(file)).blocks * 512);
    } catch {
      // It is over, or not there yet.
    }
  }
}
