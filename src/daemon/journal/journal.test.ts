import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Journal } from './journal.js';

async function collect(lines: AsyncIterable<string>, count = Number.POSITIVE_INFINITY): Promise<string[]> {
  const got: string[] = [];
  for await (const line of lines) {
    got.push(line);
    if (got.length === count) break;
  }
  return got;
}

test('gives the held lines of one service', async () => {
  const journal = new Journal();
  journal.append({ service: 'dockerd', text: 'a' });
  journal.append({ service: 'containerd', text: 'b' });
  const { signal } = new AbortController();
  expect(await collect(journal.read({ service: 'dockerd' }, signal))).toEqual(['a']);
  expect(await collect(journal.read({}, signal))).toEqual(['a', 'b']);
});

test('drops the oldest lines past the limit', async () => {
  const journal = new Journal(10);
  for (const text of ['1111', '2222', '3333']) journal.append({ service: 's', text });
  expect(await collect(journal.read({}, new AbortController().signal))).toEqual(['2222', '3333']);
});

test('follows new lines and ends with the signal', async () => {
  const journal = new Journal();
  journal.append({ service: 's', text: 'old' });
  const abort = new AbortController();
  const reading = collect(journal.read({ follow: true }, abort.signal));
  journal.append({ service: 's', text: 'new' });
  await nextTurn();
  abort.abort();
  expect(await reading).toEqual(['old', 'new']);
});

test('a follower that falls behind loses the oldest lines, not the newest', async () => {
  const journal = new Journal();
  const reading = journal.read({ follow: true }, new AbortController().signal, 2);
  journal.append({ service: 's', text: '0' });
  expect((await reading.next()).value).toBe('0');
  for (const text of ['1', '2', '3']) journal.append({ service: 's', text });
  expect(await collect(reading, 2)).toEqual(['2', '3']);
});
