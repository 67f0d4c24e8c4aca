import { expect, test } from 'vitest';
import { ClientTurns } from './client-turns.js';

test('is done one after another, each client in turn', async () => {
  const turns = new ClientTurns(100);
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
  const turns = new ClientTurns(8);
  const taken = (client: string): number => {
    for (let count = 0; ; count += 1)
      if (turns.take(client, async () => new Promise(() => {})) === undefined) return count;
  };
  // The first one of all does not wait.
  expect([taken('a'), taken('b'), taken('c')]).toEqual([5, 2, 1]);
});

test('what fails is told, and ends nothing else', async () => {
  const turns = new ClientTurns(10);
  const failing = turns.take('a', async () => Promise.reject(new Error('no')));
  const other = turns.take('a', async () => Promise.resolve(1));
  await expect(failing).rejects.toThrow('no');
  expect(await other).toBe(1);
});
