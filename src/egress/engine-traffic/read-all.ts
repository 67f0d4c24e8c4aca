import type { Readable } from 'node:stream';

/** Everything a stream has; undefined, with the stream at an end, where it is more than so much. Rejects when it is cut. */
export async function readAll(stream: Readable, most: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length > most) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
