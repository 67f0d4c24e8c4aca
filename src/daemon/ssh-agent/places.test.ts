import { expect, test } from 'vitest';
import { AgentPlaces } from './places.js';

const containerOf = (uid: number): string | undefined => (uid < 100 ? undefined : `${Math.floor(uid / 100)}`);

test('each has its share, and what is given back can be taken again', () => {
  const places = new AgentPlaces(containerOf, { all: 10, each: 2 });
  const first = places.take(100);
  expect(places.take(199)).toBeDefined();
  expect(places.take(150)).toBeUndefined();
  expect(places.take(200)).toBeDefined();
  first?.();
  expect(places.take(150)).toBeDefined();
  expect(places.take(150)).toBeUndefined();
});

test('whoever has the range of another next has places of its own, while connections of the other are kept', () => {
  let owner = 'first';
  const places = new AgentPlaces(() => owner, { all: 10, each: 2 });
  const kept = [100, 100].map((uid) => places.take(uid));
  owner = 'second';
  expect([100, 100, 100].map((uid) => places.take(uid) !== undefined)).toEqual([true, true, false]);
  for (const giveBack of kept) giveBack?.();
  expect(places.take(100)).toBeUndefined();
  owner = 'first';
  expect(places.take(100)).toBeDefined();
});

test('together they have no more than all', () => {
  const places = new AgentPlaces(containerOf, { all: 3, each: 2 });
  const taken = [100, 100, 200].map((uid) => places.take(uid));
  expect(places.take(200)).toBeUndefined();
  expect(places.take(7)).toBeUndefined();
  taken[0]?.();
  expect(places.take(7)).toBeDefined();
});

test('whoever is in no range counts as one', () => {
  const places = new AgentPlaces(containerOf, { all: 10, each: 2 });
  expect([0, 1, 2].map((uid) => places.take(uid) !== undefined)).toEqual([true, true, false]);
});

test('without the share of each one container has them all', () => {
  const places = new AgentPlaces(containerOf, { all: 3, each: 3 });
  for (let times = 0; times < 3; times++) places.take(100);
  expect(places.take(200)).toBeUndefined();
});
