import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { joinDuplex } from './join-duplex.js';
import { nextChunk, readAll, socketPair } from './test-support/streams.js';

/** near ↔ a ⇄ b ↔ far */
async function joined() {
  const [near, a] = await socketPair();
  const [b, far] = await socketPair();
  return { near, a, b, far, ended: joinDuplex(a, b) };
}

for (const [first, second] of [
  ['near', 'far'],
  ['far', 'near'],
] as const) {
  test(`the ${first} side ends first, the other direction goes on`, async () => {
    const streams = await joined();
    const [quick, slow] = [streams[first], streams[second]];
    const block = randomBytes(3_000_000);
    quick.end(block);
    expect((await readAll(slow)).equals(block)).toBe(true);
    slow.write('still ');
    expect(String(await nextChunk(quick))).toBe('still ');
    slow.end(block);
    expect((await readAll(quick)).equals(block)).toBe(true);
    expect(await streams.ended).toEqual({ end: 'complete' });
  });
}

for (const side of ['a', 'b'] as const) {
  test(`an abort of ${side} aborts the other and keeps the error`, async () => {
    const { ended, ...streams } = await joined();
    const error = new Error('reset');
    streams[side].destroy(error);
    expect(await ended).toEqual({ end: 'aborted', error });
    expect([streams.a.destroyed, streams.b.destroyed]).toEqual([true, true]);
  });
}

test('a stream that is gone before the join aborts the other', async () => {
  const [, a] = await socketPair();
  const [b, far] = await socketPair();
  a.destroy();
  await once(a, 'close');
  expect(await joinDuplex(a, b)).toMatchObject({ end: 'aborted' });
  expect((await readAll(far)).length).toBe(0);
});

test('a sink that breaks after its source ended is no complete join', async () => {
  const { near, far, b, ended } = await joined();
  near.on('error', () => undefined).end(randomBytes(3_000_000));
  await once(far, 'readable');
  b.destroy();
  expect(await ended).toMatchObject({ end: 'aborted' });
});

test('what a side ended in order is delivered though that side closes before it has read the rest', async () => {
  const [b, far] = await socketPair();
  const delivered: string[] = [];
  const writing = Promise.withResolvers<() => void>();
  const a = new Duplex({
    read: () => undefined,
    write: (chunk, _encoding, callback) => {
      delivered.push(String(chunk));
      writing.resolve(callback);
    },
  });
  const ended = joinDuplex(a, b);
  far.end('answer');
  await once(b, 'end');
  b.destroy();
  await once(b, 'close');
  expect(a.destroyed).toBe(false);
  const finish = await writing.promise;
  finish();
  expect(await ended).toEqual({ end: 'aborted' });
  expect([delivered, a.writableFinished, a.destroyed]).toEqual([['answer'], true, true]);
});

test('a reader that stops stops its own source only', async () => {
  const { near, far, a } = await joined();
  const block = randomBytes(20_000_000);
  near.write(block);
  far.write('other way');
  expect(String(await nextChunk(near))).toBe('other way');
  await new Promise<void>((resolve) => {
    if (a.isPaused()) resolve();
    else a.once('pause', resolve);
  });
  expect(near.writableLength).toBeGreaterThan(10_000_000);
  near.end();
  far.end();
  expect((await readAll(far)).equals(block)).toBe(true);
});

test('a side that ended before the join has ended', async () => {
  const [near, a] = await socketPair();
  const [b, far] = await socketPair();
  near.end();
  a.resume();
  await once(a, 'end');
  const ended = joinDuplex(a, b);
  expect(String(await readAll(far))).toBe('');
  far.end('answer');
  expect(String(await readAll(near))).toBe('answer');
  expect(await ended).toEqual({ end: 'complete' });
});
