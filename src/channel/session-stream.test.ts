import { once } from 'node:events';
import { expect, test } from 'vitest';
import { SessionStream } from './session-stream.js';
import { nextChunk, readAll, socketPair } from './test-support/streams.js';

test('takes what comes while nobody reads, so that the other side can always write', async () => {
  const [raw, far] = await socketPair();
  const stream = new SessionStream(raw);
  const block = Buffer.alloc(8 << 20, 'x');
  await new Promise<void>((resolve) => far.write(block, () => resolve()));
  far.end();
  expect((await readAll(stream)).equals(block)).toBe(true);
});

test('cuts off a peer that sends more than any window allows', async () => {
  const [raw, far] = await socketPair();
  const stream = new SessionStream(raw);
  const flood = Buffer.alloc(100 << 20);
  far.on('error', () => undefined).write(flood);
  const [error] = await once(stream, 'error').catch((error: unknown) => [error]);
  expect(String(error)).toContain('flow control');
  expect(raw.destroyed).toBe(false);
});

test('a second session takes over where the first was detached, listeners and all', async () => {
  const [raw, far] = await socketPair();
  const listeners = () => raw.eventNames().map((name) => raw.listenerCount(name));
  const before = listeners();
  const first = new SessionStream(raw);
  far.write('one');
  expect(String(await nextChunk(first))).toBe('one');
  first.destroy();
  expect(listeners()).toEqual(before);
  far.write('two');
  const second = new SessionStream(raw);
  expect(String(await nextChunk(second))).toBe('two');
  second.write('back');
  expect(String(await nextChunk(far))).toBe('back');
});

test('ends and breaks with the stream underneath', async () => {
  const [raw, far] = await socketPair();
  const stream = new SessionStream(raw);
  far.end('last');
  expect(String(await readAll(stream))).toBe('last');

  const [other] = await socketPair();
  const broken = new SessionStream(other);
  broken.on('error', () => undefined);
  other.destroy(new Error('device gone'));
  await expect(readAll(broken)).rejects.toThrow('device gone');
  expect(new SessionStream(other).destroyed).toBe(true);
});
