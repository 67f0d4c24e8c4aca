import { expect, test } from 'vitest';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Verdict } from './decider.js';
import { from, open, settled, start, to } from './gateway.test-support.js';

test('what is permitted, and left before it is reached, is told of; what was reached, once', async () => {
  const { gateway, events } = start({ decide: () => ({ kind: 'permit', dial: [to] }) });
  gateway.take(open(1));
  gateway.take(open(2));
  await settled();
  gateway.take({ kind: 'closed', id: 1, out: 0, in: 0 });
  expect(events.splice(0)).toEqual([{ kind: 'unreached', from, to, errno: 0 }]);
  gateway.take({ kind: 'connected', id: 2 });
  gateway.take({ kind: 'closed', id: 2, out: 0, in: 0 });
  expect(events.splice(0)).toEqual([{ kind: 'permitted', from, to }]);
  gateway.take(open(3));
  await settled();
  gateway.end();
  expect(events).toEqual([{ kind: 'unreached', from, to, errno: 0 }]);
});

test('what a rule refuses is told of, though who asked has left', async () => {
  const error = new BulkheadError('BH_NETWORK_ACCESS', {
    who: 'x',
    destination: 'y',
    because: 'z',
    setting: 's',
  });
  const decided = Promise.withResolvers<Verdict>();
  const { gateway, sent, events } = start({ decide: () => decided.promise });
  gateway.take(open(1));
  gateway.take({ kind: 'closed', id: 1, out: 0, in: 0 });
  decided.resolve({ kind: 'refuse', reason: 'by rule 3', error });
  await settled();
  expect(events).toEqual([{ kind: 'refused', from, to, reason: 'by rule 3', error }]);
  expect(sent).toEqual([]);
});
