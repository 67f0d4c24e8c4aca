import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { BodyReader } from '../../gate/http/body-reader.js';
import type { BodyPump, BodyPumps, PumpEnd } from './body-pumps.js';
import { ConnectionCut, writeAll } from './byte-source.js';
import type { Peer } from './exchange.js';
import { LargeBody } from './large-body.js';

/** One direction of a connection, in which bodies flow that a process of its own may move. */
export interface Direction {
  readonly pumps: BodyPumps;
  readonly from: Peer;
  readonly to: Peer;
}

/** What differs between a body written anew and one passed on as it is. */
export interface BodyPassing {
  /** Passes on a piece that was read, and puts back what is not of the body. */
  readonly pass: (piece: Buffer) => Promise<void>;
  /** Whether each piece becomes a chunk of its own, which is ended at once. */
  readonly ownChunks: boolean;
}

/** Whom a pump wrote to has gone, which the stream may not have noticed yet. */
export class DestinationGone extends ConnectionCut {}

const crlf = Buffer.from('\r\n');
const nothing = Buffer.alloc(0);

/**
 * Passes on a body to its end: reads pieces, and when it has shown to be large, has a pump (`body-pumps.ts`) move on as much as that can. This process costs so
 * much for each byte that `docker save` and `load` are a fifth slower by it. Nothing depends on the pump: what it cannot do is done here.
 *
 * @param next the next piece; `undefined` at the end of the stream, which ends the body.
 */
export async function passPieces(
  reader: BodyReader,
  direction: Direction,
  next: () => Promise<Buffer | undefined>,
  passing: BodyPassing,
): Promise<void> {
  const large = new LargeBody();
  while (!reader.done) {
    const piece = await next();
    if (piece === undefined) return;
    const { length } = piece;
    await passing.pass(piece);
    if (large.isLarge(length, reader.place, performance.now())) await handOver(reader, direction, passing);
  }
}

/** Has a pump move the body from where `reader` is to where the pump can't go on. Rejects with ConnectionCut. */
async function handOver(
  reader: BodyReader,
  { pumps, from, to }: Direction,
  passing: BodyPassing,
): Promise<void> {
  // In the VM a developer's connection is an HTTP/2 stream.
  if (!(from.stream instanceof Socket && to.stream instanceof Socket)) return;
  let pump: BodyPump | undefined;
  let over = false;
  const stop = (): void => {
    over = true;
    pump?.stop();
  };
  from.source.lend(stop);
  from.stream.once('close', stop);
  to.stream.once('close', stop);
  try {
    pump = await pumps.start(from.stream, to.stream);
    if (over) throw new ConnectionCut();
    to.source.resume();
    if (pump === undefined || !from.source.gather()) return;
    while (from.source.ready && !reader.done) {
      const piece = await from.source.next();
      if (piece !== undefined) await passing.pass(piece);
    }
    const { place } = reader;
    if (reader.done || place === undefined) return;
    await flush(to.stream, passing.ownChunks && place.at === 'content' ? sizeLine(place.left) : nothing);
    const end = await pump.run(passing.ownChunks && place.at === 'end' ? { at: 'written-end' } : place);
    if (over) throw new ConnectionCut();
    await take(end, reader, to.stream, passing);
  } finally {
    from.stream.off('close', stop);
    to.stream.off('close', stop);
    pump?.stop();
    from.source.reclaim();
  }
}

/** Goes on behind what a pump has moved. */
async function take(end: PumpEnd, reader: BodyReader, to: Duplex, { ownChunks }: BodyPassing): Promise<void> {
  switch (end) {
    case 'done':
      reader.goTo('done');
      return;
    case 'behind-content':
      reader.goTo('end');
      if (ownChunks) await writeAll(to, [crlf]);
      return;
    case 'before-size':
      reader.goTo('size');
      return;
    case 'unchanged':
      return;
    case 'destination-gone':
      throw new DestinationGone();
    case 'source-ended':
      throw new ConnectionCut();
    default:
      throw new Error(end.failed);
  }
}

function sizeLine(length: number): Buffer {
  return Buffer.from(`${length.toString(16)}\r\n`);
}

/** Resolves when the kernel has these bytes and all before them. Rejects with ConnectionCut. */
async function flush(to: Duplex, bytes: Buffer): Promise<void> {
  if (to.destroyed || to.writableEnded) throw new ConnectionCut();
  await new Promise<void>((resolve, reject) => {
    to.write(bytes, (error) => {
      if (error === undefined || error === null) resolve();
      else reject(new ConnectionCut());
    });
  });
}
