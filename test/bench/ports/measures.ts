/** What a client of a port measures: throughput, the time of an answer, and that of a connection. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { alternate, type BenchmarkRow, median } from '../rows.ts';

const rounds = 12;
const bytes = 16 << 20;
const answers = 200;
const connections = 50;

export interface Place {
  readonly host: string;
  readonly port: number;
}

export async function compare(
  [name, place]: [string, Place],
  [other, beside]: [string, Place],
): Promise<BenchmarkRow[]> {
  const both = async (measure: (place: Place) => Promise<number>) =>
    await alternate(
      rounds,
      () => measure(place),
      () => measure(beside),
    );
  const rate = (ms: number): number => bytes / ms / 1000;
  const echoed = await both(echoMs);
  const answered = await both(answerMs);
  const connected = await both(connectionMs);
  const rows = (what: string, unit: string, a: number, b: number, ratio: number): BenchmarkRow[] => [
    { name: `${name}, ${what}`, unit, value: a },
    { name: `${other}, ${what}`, unit, value: b },
    { name: `${name} / ${other}, ${what}`, unit: '', value: ratio },
  ];
  return [
    ...rows('both ways at once', 'MB/s each way', rate(echoed.a), rate(echoed.b), 1 / echoed.ratio),
    ...rows('an answer', 'ms', answered.a, answered.b, answered.ratio),
    ...rows('a connection with an answer', 'ms', connected.a, connected.b, connected.ratio),
  ];
}

async function open(place: Place): Promise<Socket> {
  const socket = connect({ ...place, noDelay: true, allowHalfOpen: true });
  await once(socket, 'connect');
  return socket;
}

/** Milliseconds until all that was sent has come back. */
async function echoMs(place: Place): Promise<number> {
  const socket = await open(place);
  const piece = Buffer.alloc(1 << 18, 'bulkhead');
  const began = performance.now();
  let got = 0;
  socket.on('data', (chunk: Buffer) => (got += chunk.length));
  const ended = once(socket, 'end');
  for (let left = bytes; left > 0; left -= piece.length)
    if (!socket.write(piece)) await once(socket, 'drain');
  socket.end();
  await ended;
  if (got !== bytes) throw new Error(`${got} of ${bytes} bytes came back`);
  return performance.now() - began;
}

/** Median milliseconds from a byte to its answer. */
async function answerMs(place: Place): Promise<number> {
  const socket = await open(place);
  const taken: number[] = [];
  for (let count = 0; count < answers; count += 1) {
    const began = performance.now();
    socket.write('x');
    await once(socket, 'data');
    taken.push(performance.now() - began);
  }
  socket.destroy();
  return median(taken);
}

/** Median milliseconds from the wish for a connection to its first answer. */
async function connectionMs(place: Place): Promise<number> {
  const taken: number[] = [];
  for (let count = 0; count < connections; count += 1) {
    const began = performance.now();
    const socket = await open(place);
    socket.write('x');
    await once(socket, 'data');
    taken.push(performance.now() - began);
    socket.end();
    await once(socket, 'close');
  }
  return median(taken);
}
