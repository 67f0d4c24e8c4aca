import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';

const chunkSize = 4 * 1024 * 1024;

export interface FileDigest {
  readonly size: number;
  readonly sha256: string;
}

/**
 * Hashes a file while the next chunk is being read, so the time is the longer of reading and hashing, not the sum.
 * Rejects with the file system's error, or with the signal's reason.
 */
export async function hashFile(path: string, signal?: AbortSignal): Promise<FileDigest> {
  await using file = await open(path, 'r');
  const hash = createHash('sha256');
  let size = 0;
  let [current, next] = [Buffer.allocUnsafe(chunkSize), Buffer.allocUnsafe(chunkSize)];
  let pending = readChunk(file, current);
  for (;;) {
    const length = await pending;
    if (length === 0) return { size, sha256: hash.digest('hex') };
    signal?.throwIfAborted();
    pending = readChunk(file, next);
    hash.update(current.subarray(0, length));
    size += length;
    [current, next] = [next, current];
  }
}

async function readChunk(file: FileHandle, buffer: Buffer): Promise<number> {
  return (await file.read(buffer, 0, buffer.length, null)).bytesRead;
}
