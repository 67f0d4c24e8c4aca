import { expect, test } from 'vitest';
import { PumpShares } from './pump-shares.js';

function takeAll(shares: PumpShares, holder: string): (() => void)[] {
  const taken: (() => void)[] = [];
  for (let way = shares.take(holder); way !== undefined; way = shares.take(holder)) taken.push(way);
  return taken;
}

test('who takes all that can be had leaves as many to the others', () => {
  const shares = new PumpShares(64);
  expect(['one', 'two', 'three'].map((holder) => takeAll(shares, holder).length)).toEqual([32, 16, 8]);
});

test('what is given back can be had again, by whoever comes', () => {
  const shares = new PumpShares(64);
  for (const giveBack of takeAll(shares, 'one')) giveBack();
  expect(takeAll(shares, 'two')).toHaveLength(32);
  expect(takeAll(shares, 'one')).toHaveLength(16);
});
