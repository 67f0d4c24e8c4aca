import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { FromRelay, ToRelay } from '../relay-wire.js';
import { Gateway } from './gateway.js';
import type { GatewayEvent } from './gateway-event.js';

const nobody = (): never => expect.fail('nothing is dialled, and no stream opened');

test('what somebody else takes over is theirs by its number, and what is decided on it theirs to tell', async () => {
  const sent: ToRelay[] = [];
  const events: GatewayEvent[] = [];
  const taken: number[] = [];
  const gateway = new Gateway(
    {
      decide: () => ({ kind: 'handed', take: (id) => void taken.push(id) }),
      answer: () => Promise.resolve(undefined),
    },
    { most: 2, send: (message) => void sent.push(message), stream: nobody, dialThrough: nobody },
    (event) => void events.push(event),
  );
  const open = (id: number): FromRelay => ({
    kind: 'open',
    id,
    from: { address: '203.0.113.254', port: 40_000 },
    to: { address: '192.0.2.1', port: 443 },
  });
  gateway.take(open(7));
  gateway.take(open(8));
  gateway.take({ kind: 'closed', id: 8, out: 0, in: 0 });
  await turn();
  gateway.take({ kind: 'connected', id: 7 });
  expect([taken, sent, events]).toEqual([[7], [], []]);
});
