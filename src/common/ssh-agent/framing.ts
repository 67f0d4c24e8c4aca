import type { Duplex } from 'node:stream';
import { longestAgentMessage } from './messages.js';

const headBytes = 4;

/** A message as it goes over a stream: its length before it. */
export function framed(...parts: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(parts.reduce((sum, { length }) => sum + length, 0));
  return Buffer.concat([head, ...parts]);
}

/**
 * The messages of a stream, one after the other and each only when it is asked for: what a peer says meanwhile waits in the kernel. Ends where the stream ends or
 * breaks; throws on a message that is longer than `longest`, which is never read.
 */
export async function* framedMessages(
  stream: Duplex,
  longest = longestAgentMessage,
): AsyncGenerator<Buffer, void, undefined> {
  for (;;) {
    const head = await exactly(stream, headBytes);
    if (head === undefined) return;
    const length = head.readUInt32BE(0);
    if (length === 0 || length > longest) throw new Error(`a message of ${length} bytes`);
    const message = await exactly(stream, length);
    if (message === undefined) return;
    yield message;
  }
}

/** That many bytes; undefined where the stream ends before. */
async function exactly(stream: Duplex, length: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  for (let missing = length; missing > 0;) {
    const part: unknown = stream.read(Math.min(missing, stream.readableLength)) ?? undefined;
    if (Buffer.isBuffer(part)) {
      parts.push(part);
      missing -= part.length;
    } else if (stream.readableEnded || stream.destroyed) return undefined;
    else await readable(stream);
  }
  return Buffer.concat(parts, length);
}

/** Resolves when there may be something to read, or never will be. */
function readable(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('readable', done).off('end', done).off('close', done);
      resolve();
    };
    stream.on('readable', done).on('end', done).on('close', done);
  });
}
