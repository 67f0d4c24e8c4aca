import { expect, test } from 'vitest';
import { Hurried, patience, Turns } from './turns.js';

/** Work that lasts until somebody hurries it, or ends it. */
function setUp() {
  const turns = new Turns();
  const order: string[] = [];
  const work = (name: string) => async (hurry: AbortSignal) => {
    order.push(`${name} begins`);
    hurry.addEventListener('abort', () => order.push(`${name} is hurried`));
    await ends(name);
    order.push(`${name} ends`);
    return name;
  };
  const lasting = new Map<string, () => void>();
  const ends = (name: string): Promise<void> =>
    new Promise((resolve) => {
      lasting.set(name, resolve);
    });
  const end = async (name: string): Promise<void> => {
    await expect.poll(() => lasting.has(name)).toBe(true);
    lasting.get(name)?.();
  };
  return { turns, order, work, end };
}

test('one comes after the other, also after one that fails', async () => {
  const { turns, order, work, end } = setUp();
  const failing = turns.take(() => Promise.reject(new Error('it fails')));
  const done = [turns.take(work('a')), turns.take(work('b'))];
  await expect(failing).rejects.toThrow('it fails');
  await end('a');
  await end('b');
  expect(await Promise.all(done)).toEqual(['a', 'b']);
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});

test('what can’t wait hurries what is under way, and comes before what waits but nothing that can’t either', async () => {
  const { turns, order, work, end } = setUp();
  const done = [turns.take(work('a')), turns.take(work('b'))];
  await expect.poll(() => order).toEqual(['a begins']);
  done.push(turns.takeFirst(work('first')));
  await end('a');
  await expect.poll(() => order.at(-1)).toBe('first begins');
  done.push(turns.takeFirst(work('second')));
  for (const name of ['first', 'second', 'b']) await end(name);
  await Promise.all(done);
  expect(order).toEqual([
    'a begins',
    'a is hurried',
    'a ends',
    'first begins',
    'first ends',
    'second begins',
    'second ends',
    'b begins',
    'b ends',
  ]);
});

test('patience ends after its time, or a time after somebody hurries, whether that was before or is later', async () => {
  const hurry = new AbortController();
  const reason = async (over: AbortSignal): Promise<unknown> => {
    await expect.poll(() => over.aborted).toBe(true);
    return over.reason;
  };
  expect(await reason(patience(hurry.signal, 10, 60_000))).toMatchObject({ name: 'TimeoutError' });
  const before = patience(hurry.signal, 60_000, 10);
  const long = patience(hurry.signal, 60_000, 60_000);
  hurry.abort(new Hurried());
  expect(before.aborted).toBe(false);
  expect(await reason(before)).toBeInstanceOf(Hurried);
  expect(await reason(patience(hurry.signal, 60_000, 10))).toBeInstanceOf(Hurried);
  expect(await reason(patience(hurry.signal, 10, 60_000))).toMatchObject({ name: 'TimeoutError' });
  expect(long.aborted).toBe(false);
});
