import { expect, test } from 'vitest';
import type { FromRelay, ToRelay } from '../relay-wire.js';
import { Gateway } from './gateway.js';

/** In a VM the relay is the guest's, and with it what a container has broken out to. */
const from = { address: '172.17.0.2', port: 40_000 };
const open = (id: number): FromRelay => ({ kind: 'open', id, from, to: { address: '192.0.2.1', port: id } });
const query = (id: number): FromRelay => ({
  kind: 'query',
  id,
  from,
  asked: '192.0.2.53',
  bytes: Buffer.alloc(12),
});

/** A gateway whose decider has never done with anything. */
function start() {
  const sent: ToRelay[] = [];
  const decided: number[] = [];
  const asked: PromiseWithResolvers<undefined>[] = [];
  const gateway = new Gateway(
    {
      decide: async ({ to }) => {
        decided.push(to.port);
        return new Promise(() => undefined);
      },
      answer: async () => {
        const answer = Promise.withResolvers<undefined>();
        asked.push(answer);
        return answer.promise;
      },
    },
    {
      most: 3,
      send: (message) => void sent.push(message),
      stream: () => expect.fail('nothing is connected'),
      dialThrough: () => expect.fail('nothing is dialled'),
    },
    () => undefined,
  );
  return { gateway, sent, decided, asked };
}
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('has so many connections at once, and each number once', () => {
  const { gateway, sent, decided } = start();
  for (const id of [1, 2, 2, 3, 4]) gateway.take(open(id));
  expect(decided).toEqual([1, 2, 3]);
  expect(sent.splice(0)).toEqual([
    { kind: 'reset', id: 2 },
    { kind: 'reset', id: 4 },
  ]);
  gateway.take({ kind: 'closed', id: 1, out: 0, in: 0 });
  gateway.take(open(5));
  expect([decided.at(-1), sent, gateway.connections]).toEqual([5, [], 3]);
});

test('has so many questions at once', async () => {
  const { gateway, asked } = start();
  for (let id = 1; id <= 4100; id += 1) gateway.take(query(id));
  expect(asked).toHaveLength(4096);
  asked[0]?.resolve(undefined);
  await settled();
  for (const id of [4101, 4102]) gateway.take(query(id));
  expect(asked).toHaveLength(4097);
});
