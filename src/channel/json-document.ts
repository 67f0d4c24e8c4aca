import type { Duplex } from 'node:stream';
import { chunksOf } from './chunks.js';

/** Bytes; the documents read whole are small JSON texts. */
const largestDocument = 4 << 20;

/** All of a stream as one JSON value; undefined when it is none, or of more than `most` bytes. Rejects when the stream is aborted. */
export async function readDocument(stream: Duplex, most = largestDocument): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(stream)) {
    size += chunk.length;
    if (size > most) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}
