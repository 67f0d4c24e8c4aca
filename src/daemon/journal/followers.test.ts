import { expect, test } from 'vitest';
import { Followers } from './followers.js';

test('who falls behind loses the oldest lines, and is told how many', async () => {
  const followers = new Followers<string>();
  const behind = (count: number): string => `${count} missed`;
  const lines = followers.follow(new AbortController().signal, { limit: 2, behind });
  for (const line of ['1', '2', '3', '4']) followers.tell(line);
  const got: (string | undefined)[] = [];
  for (let count = 0; count < 3; count += 1) got.push((await lines.next()).value ?? undefined);
  expect(got).toEqual(['2 missed', '3', '4']);
});

test('what comes before anybody reads is not lost, and the signal ends the reading', async () => {
  const followers = new Followers<string>();
  const leave = new AbortController();
  const lines = followers.follow(leave.signal, { limit: 2, wanted: (line) => line !== 'other' });
  for (const line of ['1', 'other']) followers.tell(line);
  expect(await lines.next()).toEqual({ value: '1', done: false });
  const next = lines.next();
  leave.abort();
  expect(await next).toEqual({ value: undefined, done: true });
});
