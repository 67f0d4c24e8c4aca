import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { Batches } from './batches.js';

/** What was written where, which takes as long as `taken` says. */
function place(taken: (done: (error?: Error) => void) => void): { written: Buffer[]; to: Writable } {
  const written: Buffer[] = [];
  const to = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      written.push(Buffer.from(chunk));
      taken(done);
    },
  });
  to.on('error', () => undefined);
  return { written, to };
}

const pieces = (count: number, length: number): Buffer[] =>
  Array.from({ length: count }, (_, at) => Buffer.alloc(length, at % 251));

test('what comes at once is one write, and all of it arrives in its order, however long and however slowly it is taken', async () => {
  const { written, to } = place((done) => setImmediate(done));
  const given = [...pieces(100, 16_384), ...pieces(3, 700_001), ...pieces(50, 1)];
  const taken: Buffer[] = [];
  await pipeline(Readable.from(given), new Batches(to, (chunk) => taken.push(chunk)));
  expect(Buffer.concat(written).equals(Buffer.concat(given))).toBe(true);
  expect(taken).toEqual(given);
  expect(written.length).toBeLessThan(given.length / 4);
  expect(to.writableFinished).toBe(true);
});

test('a little is not kept until more comes', async () => {
  const { written, to } = place((done) => done());
  const batches = new Batches(to, () => undefined);
  batches.write('a');
  batches.write('b');
  expect(written).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(written.map(String)).toEqual(['ab']);
});

test('of what nobody takes no more than two writes and what was given last is held', async () => {
  const { written, to } = place(() => undefined);
  const batches = new Batches(to, () => undefined);
  let given = 0;
  while (batches.write(Buffer.alloc(16_384))) given += 16_384;
  expect(given).toBeGreaterThan(400_000);
  expect(given).toBeLessThan(700_000);
  expect(written).toHaveLength(1);
});

test.each(['to', 'batches'] as const)('where %s breaks off the other does too, unfinished', async (which) => {
  const { written, to } = place(() => undefined);
  const batches = new Batches(to, () => undefined);
  batches.write('half');
  const closed = Promise.all([once(to, 'close'), once(batches, 'close')]);
  ({ to, batches })[which].destroy();
  await closed;
  expect([to.writableFinished, batches.writableFinished]).toEqual([false, false]);
  expect(written).toEqual([]);
});

test('nothing is passed on to what has broken off before', async () => {
  const { to } = place((done) => done());
  await once(to.destroy(), 'close');
  const passed = pipeline(Readable.from([]), new Batches(to, () => undefined));
  await expect(passed).rejects.toThrow('destroyed stream');
});

test('a write that fails ends it', async () => {
  const { to } = place((done) => done(new Error('full')));
  const passed = pipeline(Readable.from(pieces(40, 65_536)), new Batches(to, () => undefined));
  await expect(passed).rejects.toThrow('full');
});
