import { expect, test } from 'vitest';
import { type Budget, RateLimiter } from './rate-limiter.js';

const budget: Budget = { burst: 3, perMinute: 6 };

function limiter() {
  const time = { ms: 0 };
  const made = new RateLimiter<string>({ now: () => time.ms });
  const ask = (kind: string, times = 1): number =>
    Array.from({ length: times }).filter(() => made.admits('all', kind, kind, budget)).length;
  return { time, ask, account: () => made.account() };
}

test('of one kind as many pass as the budget has, and what did not is accounted for once', () => {
  const { ask, account } = limiter();
  expect(account()).toBeUndefined();
  expect(ask('a', 10)).toBe(3);
  expect(account()).toEqual({ kinds: [{ kind: 'a', count: 7 }], others: 0 });
  expect(account()).toBeUndefined();
});

test('with time a budget comes back, and never more than it was', () => {
  const { ask, time } = limiter();
  ask('a', 10);
  time.ms = 9_999;
  expect(ask('a')).toBe(0);
  time.ms = 20_000;
  expect(ask('a', 5)).toBe(2);
  time.ms = 3_600_000;
  expect(ask('a', 100)).toBe(3);
});

test('what is hammered takes nothing from another kind', () => {
  const { ask, account } = limiter();
  ask('hammered', 100_000);
  expect(ask('rare')).toBe(1);
  ask('second', 10);
  expect(account()).toEqual({
    kinds: [
      { kind: 'hammered', count: 99_997 },
      { kind: 'second', count: 7 },
    ],
    others: 0,
  });
});

test('kinds beyond the most share one budget, until others are idle', () => {
  const { ask, account, time } = limiter();
  const kinds = Array.from({ length: 1256 }, (_, number) => `kind ${number}`);
  const passed = kinds.filter((kind) => ask(kind) === 1);
  expect(passed).toHaveLength(256 + 3);
  expect(account()).toEqual({ kinds: [], others: 997 });
  time.ms = 600_000;
  expect(ask('kind 1255', 3)).toBe(3);
});

test('an account tells 32 kinds apart and sums up the rest', () => {
  const { ask, account } = limiter();
  for (let number = 1; number <= 40; number += 1) ask(`kind ${number}`, 3 + number);
  const told = account();
  expect(told?.kinds).toHaveLength(32);
  expect(told?.kinds[0]).toEqual({ kind: 'kind 40', count: 40 });
  expect(told?.others).toBe(36);
});
