import { once } from 'node:events';
import type { Duplex } from 'node:stream';

/** What a proxy says before it lets bytes through is not in order, or says no. */
export class UpstreamFailure extends Error {}

/**
 * Reads as much as an answer has, and leaves the rest where it is: what comes behind it is the destination's.
 *
 * @param lengthOf how long the answer is, by what there is of it; undefined where that is not seen yet.
 * @throws UpstreamFailure where there is no end to it, or it ends before.
 */
export async function readAnswer(
  stream: Duplex,
  lengthOf: (bytes: Buffer) => number | undefined,
  signal: AbortSignal,
  longest = 16_384,
): Promise<Buffer> {
  let got = Buffer.alloc(0);
  for (;;) {
    const length = lengthOf(got);
    if (length !== undefined && got.length >= length) {
      if (got.length > length) stream.unshift(got.subarray(length));
      return got.subarray(0, length);
    }
    if (got.length > longest) throw new UpstreamFailure('its answer has no end');
    const chunk: unknown = stream.read();
    if (Buffer.isBuffer(chunk)) got = Buffer.concat([got, chunk]);
    else if (stream.readableEnded || stream.destroyed) throw new UpstreamFailure('it ended the connection');
    else await readable(stream, signal);
  }
}

async function readable(stream: Duplex, signal: AbortSignal): Promise<void> {
  const settled = new AbortController();
  const any = AbortSignal.any([signal, settled.signal]);
  try {
    await Promise.race(
      ['readable', 'end', 'close'].map(async (event) => once(stream, event, { signal: any })),
    );
  } finally {
    settled.abort();
  }
}
