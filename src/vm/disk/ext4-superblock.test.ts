import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readSuperblock, superblockLength } from './ext4-superblock.js';

/** As mke2fs writes it: 16384 blocks of 4 KiB, 1000 of them free. */
function superblock(): Buffer {
  const block = Buffer.alloc(superblockLength);
  block.writeUInt16LE(0xef53, 0x38);
  block.writeUInt32LE(2, 0x18);
  block.writeUInt32LE(16_384, 0x04);
  block.writeUInt32LE(1_000, 0x0c);
  return block;
}

test('size and what is used', () => {
  expect(readSuperblock(superblock())).toEqual({ sizeBytes: 16_384 * 4096, usedBytes: 15_384 * 4096 });
});

test('the high halves count where the file system has them', () => {
  const block = superblock();
  block.writeUInt32LE(1, 0x150);
  block.writeUInt32LE(1, 0x158);
  expect(readSuperblock(block)?.sizeBytes).toBe(16_384 * 4096);
  block.writeUInt32LE(0x80, 0x60);
  expect(readSuperblock(block)).toEqual({
    sizeBytes: (2 ** 32 + 16_384) * 4096,
    usedBytes: 15_384 * 4096,
  });
});

test('a blank disk has no file system, and neither has one that contradicts itself', () => {
  expect(readSuperblock(Buffer.from('BULKHEAD-BLANK-DATA-DISK-v1'))).toBeUndefined();
  expect(readSuperblock(Buffer.alloc(superblockLength))).toBeUndefined();
  const more = superblock();
  more.writeUInt32LE(16_385, 0x0c);
  expect(readSuperblock(more)).toBeUndefined();
});

test('whatever the VM wrote, nothing but numbers comes of it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: superblockLength, maxLength: superblockLength }), (bytes) => {
      const block = Buffer.from(bytes);
      block.writeUInt16LE(0xef53, 0x38);
      const found = readSuperblock(block);
      return found === undefined || (found.usedBytes >= 0 && found.usedBytes <= found.sizeBytes);
    }),
  );
});
