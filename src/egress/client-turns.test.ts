import { expect, test } from 'vitest';
import { ClientTurns } from './client-turns.js';

const never = async (): Promise<void> => new Promise(() => {});

test('is done one after another, each client in turn', async () => {
  const turns = new ClientTurns({ waiting: 100 });
  const seen: string[] = [];
  const names = ['a1', 'a2', 'a3', 'b1', 'a4', 'c1', 'b2'];
  const asked = names.map(async (name) =>
    turns.take(name.slice(0, 1), async () => {
      seen.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(`${name} ends`);
      return name;
    }),
  );
  expect(seen).toEqual(['a1 begins']);
  await turns.idle();
  const order = ['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4'];
  expect(seen).toEqual(order.flatMap((name) => [`${name} begins`, `${name} ends`]));
  expect(await Promise.all(asked)).toEqual(names);
});

test('one client has no more waiting than is left, and others something', () => {
  const turns = new ClientTurns({ waiting: 8 });
  const taken = (client: string): number => {
    for (let count = 0; ; count += 1) if (turns.take(client, never) === undefined) return count;
  };
  // The first one of all does not wait.
  expect([taken('a'), taken('b'), taken('c')]).toEqual([5, 2, 1]);
});

test('so much is done at a time, and so much of one client', async () => {
  const turns = new ClientTurns({ waiting: 100, atOnce: 5, ofClient: 2 });
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const names = ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'b3', 'c1', 'c2'];
  for (const name of names)
    void turns.take(name.slice(0, 1), async () => {
      begun.push(name);
      await new Promise<void>((resolve) => void ends.set(name, resolve));
    });
  expect(begun).toEqual(['a1', 'a2', 'b1', 'b2', 'c1']);
  const more: string[][] = [];
  for (const name of ['c1', 'a1', 'b1', 'a2']) {
    ends.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
    more.push(begun.splice(5));
  }
  expect(more).toEqual([['c2'], ['a3'], ['b3'], ['a4']]);
});

test('what nobody wants any longer does not wait, and what has begun goes on', async () => {
  const turns = new ClientTurns({ waiting: 4 });
  const [gone, over] = [new AbortController(), new AbortController()];
  const first = Promise.withResolvers<string>();
  const running = turns.take('a', async () => first.promise, over.signal);
  const begun: string[] = [];
  const dropped = Array.from({ length: 2 }, async () =>
    turns.take('a', async () => Promise.resolve(begun.push('dropped')), gone.signal),
  );
  expect(turns.take('a', never)).toBeUndefined();
  gone.abort(new Error('gone'));
  over.abort();
  const reason = { message: 'gone' };
  expect(await Promise.allSettled(dropped)).toMatchObject([{ reason }, { reason }]);
  const later = turns.take('a', async () => Promise.resolve(begun.push('later')));
  await expect(turns.take('b', never, gone.signal)).rejects.toThrow('gone');
  first.resolve('done');
  expect([await running, await later, begun]).toEqual(['done', 1, ['later']]);
});

test('what fails is told, and ends nothing else', async () => {
  const turns = new ClientTurns({ waiting: 10 });
  const failing = turns.take('a', async () => Promise.reject(new Error('no')));
  const other = turns.take('a', async () => Promise.resolve(1));
  await expect(failing).rejects.toThrow('no');
  expect(await other).toBe(1);
});
