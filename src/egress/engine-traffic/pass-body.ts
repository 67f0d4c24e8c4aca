import type { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Batches } from './batches.js';

/** As `IncomingMessage` is. */
interface Answer extends Readable {
  readonly socket: EventEmitter;
}

/**
 * Passes the body of an answer on, to its end.
 *
 * What it came in is given back as soon as it is read. It comes by records of 16 KiB, each in a buffer of its own and in a copy of the parser's. Left to the collector, these are all
 * that the heap of this thread may grow by until young ones are collected, so that time and again all of it is: that took more of the processor than everything else here.
 */
export async function passBody(answer: Answer, to: Writable): Promise<void> {
  const { socket } = answer;
  const batches = new Batches(to, giveBack);
  const parsed = (bytes: Buffer): void => {
    // Threat: a parser that does not copy. Then what waits to be read may be these very bytes, and would be lost.
    if (answer.readableLength === 0 && batches.writableLength === 0) giveBack(bytes);
  };
  const ended = (): void => void socket.off('data', parsed);
  socket.on('data', parsed);
  // Of the next answer on this connection nothing is known here.
  answer.once('end', ended);
  try {
    await pipeline(answer, batches);
  } finally {
    ended();
  }
}

/** What is all of its memory is nobody else's. Not now: who told of it looks at it still. */
function giveBack({ buffer, byteLength }: Buffer): void {
  if (!(buffer instanceof ArrayBuffer) || byteLength !== buffer.byteLength) return;
  process.nextTick(() => {
    if (!buffer.detached) buffer.transfer(0);
  });
}
