import { expect, test } from 'vitest';
import type { Verdict } from './decider.js';
import { open, settled, start, to } from './gateway.test-support.js';

/** One number, two connections one after the other: the first has ended before anything was decided about it. */
function begunTwice() {
  const verdicts: PromiseWithResolvers<Verdict>[] = [];
  const whole = start({
    decide: async () => {
      const verdict = Promise.withResolvers<Verdict>();
      verdicts.push(verdict);
      return verdict.promise;
    },
  });
  whole.gateway.take(open(1));
  whole.gateway.take({ kind: 'closed', id: 1, out: 0, in: 0 });
  whole.gateway.take(open(1));
  const [first, second] = verdicts;
  if (first === undefined || second === undefined) throw new Error('both are asked about');
  return { ...whole, first, second };
}

test('what is refused too late does not end the connection that has its number now', async () => {
  const { sent, first, second } = begunTwice();
  first.resolve({ kind: 'refuse', reason: 'by its rule' });
  await settled();
  expect(sent).toEqual([]);
  second.resolve({ kind: 'permit', dial: [to] });
  await settled();
  expect(sent).toEqual([{ kind: 'dial', id: 1, to, hold: false }]);
});

test('what is permitted too late does not make the connection that has its number now', async () => {
  const { sent, first, second } = begunTwice();
  first.resolve({ kind: 'permit', dial: [to] });
  await settled();
  expect(sent).toEqual([]);
  second.resolve({ kind: 'refuse', reason: 'by its rule' });
  await settled();
  expect(sent).toEqual([{ kind: 'reset', id: 1 }]);
});
