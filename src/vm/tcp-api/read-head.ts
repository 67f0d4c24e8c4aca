import type { Readable } from 'node:stream';
import { longestHead } from './first-head.js';

const end = '\r\n\r\n';

/**
 * Takes the first head out of a stream, without the empty line at its end. Threat: a head that comes a byte at a time costs no more than one that
 * comes at once, so it is copied once and each byte looked at once.
 *
 * @returns also what came behind it. Rejects when the stream ends before, or the head is longer than the gate takes.
 */
export async function readHead(client: Readable): Promise<{ head: string; rest: Buffer }> {
  const seen = Buffer.allocUnsafe(longestHead + end.length);
  let length = 0;
  for (;;) {
    const piece: unknown = client.read();
    if (Buffer.isBuffer(piece)) {
      const from = Math.max(0, length - end.length + 1);
      const taken = piece.copy(seen, length);
      length += taken;
      const at = seen.subarray(0, length).indexOf(end, from, 'latin1');
      if (at !== -1) {
        // What was copied of the rest is the end of it.
        const behind = seen.subarray(at + end.length, length);
        return { head: seen.toString('latin1', 0, at), rest: piece.subarray(taken - behind.length) };
      }
      if (length === seen.length) throw new Error('its head is too long');
      continue;
    }
    if (client.readableEnded || client.destroyed) throw new Error('it has ended');
    await somethingNew(client);
  }
}

async function somethingNew(client: Readable): Promise<void> {
  const events = ['readable', 'end', 'close'];
  await new Promise<void>((resolve) => {
    const settle = (): void => {
      for (const event of events) client.off(event, settle);
      resolve();
    };
    for (const event of events) client.on(event, settle);
  });
}
