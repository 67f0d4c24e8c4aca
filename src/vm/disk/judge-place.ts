import { type DirectoryFacts, stickyBit, writableByOthers } from '../../common/directories-to.js';

export interface PlaceFacts {
  readonly uid: number;
  readonly isDirectory: boolean;
  /** From the root on, without links. */
  readonly directories: readonly DirectoryFacts[];
  /** f_type of statfs(2). */
  readonly fileSystem: number;
  readonly freeBytes: number;
}

/** What statfs(2) says of a file system: linux/magic.h. */
const inMemory: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
]);
const overNetwork: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0x517b, 'SMB'],
  [0x01021997, '9p'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x65735546, 'FUSE'],
]);

/** What keeps a disk from being moved to a place, or what its owner should know; both undefined where all is well. */
export interface Judgement {
  readonly refusal?: string;
  readonly warning?: string;
}

/**
 * Whether a disk may be kept in a directory. Pure. Threat: whoever can write to it, or rename a directory above it, puts another disk in the place of this one,
 * and with it another record of the policies that were in force, or reads everything in its containers.
 *
 * @param neededBytes what it takes there, and room to go on.
 */
export function judgePlace(place: PlaceFacts, neededBytes: number): Judgement {
  const { uid, isDirectory, directories, fileSystem, freeBytes } = place;
  const last = directories.at(-1);
  if (!isDirectory || last === undefined) return { refusal: 'it is not a directory' };
  if (last.owner !== uid) return { refusal: `it belongs to user ${last.owner}, not ${uid}` };
  if ((last.mode & writableByOthers) !== 0) return { refusal: 'others may write to it' };
  for (const { path, owner, mode } of directories) {
    if (owner !== 0 && owner !== uid) return { refusal: `${path} belongs to user ${owner}` };
    if ((mode & writableByOthers) !== 0 && (mode & stickyBit) === 0)
      return { refusal: `others may write to ${path}` };
  }
  const memory = inMemory.get(fileSystem);
  if (memory !== undefined)
    return { refusal: `it is in memory (${memory}) and gone with the next start of the machine` };
  if (freeBytes < neededBytes) {
    const mebibytes = (bytes: number): number => Math.ceil(bytes / 1024 ** 2);
    return {
      refusal: `${mebibytes(freeBytes)} MiB are free there, and ${mebibytes(neededBytes)} MiB are needed`,
    };
  }
  const network = overNetwork.get(fileSystem);
  if (network === undefined) return {};
  return {
    warning: `The directory is on a network or user-space file system (${network}): whether what the VM has written survives a loss of power there, and whether two machines are kept from using the disk at once, is up to its server.`,
  };
}
