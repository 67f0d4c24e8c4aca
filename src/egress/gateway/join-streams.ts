import type { Duplex } from 'node:stream';

/**
 * Moves the bytes of each to the other until both have ended; each ends for itself.
 *
 * @param onBroken told, once, that one of them broke off: to the other an end would look like that of all there was to say.
 */
export function joinStreams(one: Duplex, other: Duplex, onBroken: () => void): void {
  let broken = false;
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    const closed = (): void => {
      if (from.readableEnded && from.errored === null) return;
      // Told first: where the other learns of it by another way, it is not to hear of an end before.
      if (!broken) onBroken();
      broken = true;
      to.destroy();
    };
    from.on('error', () => undefined);
    // One that broke off before says so no more.
    if (from.closed) closed();
    else from.once('close', closed);
    from.pipe(to);
  }
}
