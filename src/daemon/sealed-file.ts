import { fstatSync, readSync } from 'node:fs';

/**
 * Reads a file in memory that PID 1 holds (docs/architecture.md): sealed before anything ran, so that it says after each restart what it said
 * at first. Its position is shared with every earlier reader, hence not used. Throws what the system says.
 */
export function readSealedFile(fd: number): Buffer {
  const bytes = Buffer.alloc(fstatSync(fd).size);
  if (readSync(fd, bytes, 0, bytes.length, 0) !== bytes.length) throw new Error('it is cut short');
  return bytes;
}
