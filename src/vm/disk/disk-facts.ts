import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isAbsent } from '../../common/cause.js';
import { freeBytes } from '../../common/free-bytes.js';
import type { InstancePaths } from '../instance/paths.js';
import { readDiskRecord } from './disk-record.js';
import {
  type FileSystemSize,
  readSuperblock,
  superblockLength,
  superblockOffset,
} from './ext4-superblock.js';

/** What the host sees of a data disk, without changing anything. */
export interface DiskFacts {
  readonly file: string;
  /** Null where the disk is not there: not made yet, or the file system it was moved to is not mounted. */
  readonly disk: {
    readonly sizeBytes: number;
    /** What the sparse file takes. */
    readonly hostBytes: number;
    /** By its superblock, which the VM brings up to date when it stops; null where there is none yet. */
    readonly fileSystem: FileSystemSize | null;
  } | null;
  /** Free to the user on the file system it lies on; null where that is not there. */
  readonly hostFreeBytes: number | null;
  /** A move that was interrupted: the next start, or the next move, tidies up after it. */
  readonly unsettled: boolean;
}

/** Throws `BH_DISK_RECORD`. */
export async function readDiskFacts(
  paths: Pick<InstancePaths, 'dataDisk' | 'diskRecord'>,
): Promise<DiskFacts> {
  const record = readDiskRecord(paths.diskRecord);
  const file = record?.file ?? paths.dataDisk;
  return {
    file,
    disk: await readDisk(file),
    hostFreeBytes: await freeBytes(dirname(file)).catch(() => null),
    unsettled: record?.copying !== undefined || record?.superseded !== undefined,
  };
}

async function readDisk(file: string): Promise<DiskFacts['disk']> {
  try {
    await using disk = await open(file, 'r');
    const { size, blocks } = await disk.stat();
    const block = Buffer.alloc(superblockLength);
    await disk.read(block, 0, superblockLength, superblockOffset);
    return { sizeBytes: size, hostBytes: blocks * 512, fileSystem: readSuperblock(block) ?? null };
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}
