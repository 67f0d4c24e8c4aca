import { expect, test } from 'vitest';
import { lowestOomScoreAdj } from './engine-facts.js';

test.each([
  ['CapEff:\t000001ffffffffff\n', '0\n', -1000],
  ['CapEff:\t000001fffeffffff\n', '0\n', 0],
  ['CapEff:\t0000000000000000\n', '-17\n', -17],
  ['', '12\n', 12],
])('with the status %j and the own score %j a process may be given %i', (status, own, lowest) => {
  expect(lowestOomScoreAdj(status, own)).toBe(lowest);
});
