import { expect, test } from 'vitest';
import { ToldNames } from './told-names.js';

const engine = { kind: 'engine' } as const;
const build = { kind: 'build' } as const;

test('of a client and a name is told once a minute', () => {
  let now = 0;
  const names = new ToldNames(() => now);
  const asked = (): boolean[] => [names.isNew(engine, 'a.test'), names.isNew(build, 'a.test')];
  expect(asked()).toEqual([true, true]);
  expect([names.isNew(engine, 'b.test'), ...asked()]).toEqual([true, false, false]);
  now = 59_999;
  expect(asked()).toEqual([false, false]);
  now = 60_000;
  expect(asked()).toEqual([true, true]);
  expect(asked()).toEqual([false, false]);
});

test('one that asks for names without end forgets its own alone', () => {
  const names = new ToldNames(() => 0);
  names.isNew(build, 'a.test');
  for (let count = 0; count <= 2048; count += 1) names.isNew(engine, `${count}.test`);
  expect(names.isNew(engine, '1.test')).toBe(false);
  expect(names.isNew(engine, '0.test')).toBe(true);
  expect(names.isNew(build, 'a.test')).toBe(false);
});
