import { createHash } from 'node:crypto';

/** The first 512 bytes of a verity hash device (cryptsetup, "DMVerity" wiki page, on-disk format version 1). */
export interface VeritySuperblock {
  readonly algorithm: string;
  readonly dataBlockSize: number;
  readonly hashBlockSize: number;
  readonly dataBlocks: number;
  readonly salt: string;
}

export const superblockSize = 512;

/** Returns undefined where the bytes are no superblock of the format the kernel reads (version 1, hash type 1). */
export function parseSuperblock(bytes: Buffer): VeritySuperblock | undefined {
  if (bytes.length < superblockSize || bytes.toString('latin1', 0, 8) !== 'verity\0\0') return undefined;
  if (bytes.readUInt32LE(8) !== 1 || bytes.readUInt32LE(12) !== 1) return undefined;
  const saltSize = bytes.readUInt16LE(80);
  const dataBlocks = bytes.readBigUInt64LE(72);
  if (saltSize > 256 || dataBlocks > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return {
    algorithm: bytes.toString('latin1', 32, 64).replace(/\0.*$/s, ''),
    dataBlockSize: bytes.readUInt32LE(64),
    hashBlockSize: bytes.readUInt32LE(68),
    dataBlocks: Number(dataBlocks),
    salt: bytes.toString('hex', 88, 88 + saltSize),
  };
}

/** The root hash is the salted hash of the topmost block, which format version 1 stores right after the superblock. */
export function rootHashOf(topBlock: Buffer, superblock: VeritySuperblock): string {
  return createHash(superblock.algorithm)
    .update(Buffer.from(superblock.salt, 'hex'))
    .update(topBlock)
    .digest('hex');
}
