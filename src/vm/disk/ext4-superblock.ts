/** Where ext4 keeps its superblock, and how long it is (fs/ext4/ext4.h, struct ext4_super_block; all numbers little-endian). */
export const superblockOffset = 1024;
export const superblockLength = 1024;

const magic = 0xef53;
const feature64bit = 0x80;
const largestLogBlockSize = 6;

export interface FileSystemSize {
  readonly sizeBytes: number;
  /** With its own tables and journal. */
  readonly usedBytes: number;
}

/**
 * How large the file system on a disk is and how full it was when the VM last stopped. Undefined where there is none (yet). Pure.
 * The VM wrote it, so it is only ever shown.
 */
export function readSuperblock(block: Buffer): FileSystemSize | undefined {
  if (block.length < superblockLength || block.readUInt16LE(0x38) !== magic) return undefined;
  const log = block.readUInt32LE(0x18);
  if (log > largestLogBlockSize) return undefined;
  const wide = (block.readUInt32LE(0x60) & feature64bit) !== 0;
  const count = (low: number, high: number): number =>
    block.readUInt32LE(low) + (wide ? block.readUInt32LE(high) * 2 ** 32 : 0);
  const blockBytes = 1024 << log;
  const blocks = count(0x04, 0x150);
  const free = count(0x0c, 0x158);
  if (free > blocks) return undefined;
  return { sizeBytes: blocks * blockBytes, usedBytes: (blocks - free) * blockBytes };
}
