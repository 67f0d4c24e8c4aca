import { expect, test } from 'vitest';
import type { EgressClient } from '../../common/egress-clients.js';
import type { Who } from '../connect-access/index.js';
import { Clients } from './clients.js';

const [one, two] = ['1'.repeat(64), '2'.repeat(64)];
const container = (id: string, addresses: readonly string[], name = 'web'): EgressClient => ({
  kind: 'container',
  id,
  name,
  image: [],
  labels: {},
  addresses: [...addresses],
});
function start() {
  const gone: Who[] = [];
  const clients = new Clients((who) => gone.push(who));
  return { clients, gone };
}
const never = new AbortController().signal;

test('the engine is known from the start, and nobody else', () => {
  const { clients } = start();
  expect(clients.whoIs('203.0.113.254')).toEqual({ kind: 'engine' });
  expect(clients.whoIs('2001:db8:6272:6567:0::2')).toEqual({ kind: 'engine' });
  expect(clients.whoIs('172.17.0.2')).toBeUndefined();
});

test('a container is the same one for as long as nothing of it changes but its addresses', () => {
  const { clients, gone } = start();
  clients.take(container(one, ['172.17.0.2']));
  const who = clients.whoIs('172.17.0.2');
  clients.take(container(one, ['172.17.0.3', 'fd00::3']));
  expect(clients.whoIs('172.17.0.2')).toBeUndefined();
  expect(clients.whoIs('172.17.0.3')).toBe(who);
  expect(clients.whoIs('fd00:0::3')).toBe(who);
  clients.take(container(one, ['172.17.0.3'], 'renamed'));
  expect(clients.whoIs('172.17.0.3')).toMatchObject({ name: 'renamed' });
  expect(gone).toEqual([]);
});

test('whoever has an address next has it, whichever of the two is said first', () => {
  const { clients, gone } = start();
  clients.take(container(one, ['172.17.0.2']));
  clients.take(container(two, ['172.17.0.2'], 'next'));
  clients.take({ kind: 'gone', id: one });
  expect(clients.whoIs('172.17.0.2')).toMatchObject({ id: two });
  expect(gone).toMatchObject([{ id: one }]);
  clients.take({ kind: 'gone', id: two });
  expect(clients.whoIs('172.17.0.2')).toBeUndefined();
});

test('steps of builds are one, and go without a word', () => {
  const { clients, gone } = start();
  clients.take({ kind: 'builds', addresses: ['172.17.0.2', '172.17.0.3'] });
  expect(clients.whoIs('172.17.0.3')).toEqual({ kind: 'build' });
  clients.take({ kind: 'builds', addresses: ['172.17.0.3'] });
  expect(clients.whoIs('172.17.0.2')).toBeUndefined();
  expect(gone).toEqual([]);
});

test('an engine that does not say any more has nobody but itself', () => {
  const { clients, gone } = start();
  clients.take(container(one, ['172.17.0.2']));
  clients.take({ kind: 'builds', addresses: ['172.17.0.3'] });
  clients.take({ kind: 'nobody' });
  expect(['172.17.0.2', '172.17.0.3'].map((address) => clients.whoIs(address))).toEqual([
    undefined,
    undefined,
  ]);
  expect(clients.whoIs('203.0.113.254')).toEqual({ kind: 'engine' });
  expect(gone).toMatchObject([{ id: one }]);
});

test('one that has just started is waited for, until it is said or is not wanted any more', async () => {
  const { clients } = start();
  const known = clients.known('172.17.0.2', never);
  clients.take(container(two, ['172.17.0.9']));
  clients.take(container(one, ['172.17.0.2']));
  await known;
  expect(clients.whoIs('172.17.0.2')).toMatchObject({ id: one });
  const gone = new AbortController();
  const waited = clients.known('172.17.0.77', gone.signal);
  gone.abort();
  await waited;
});

test('whoever there is no room for is nobody, until others have gone', () => {
  const { clients, gone } = start();
  const long = (number: number): EgressClient => ({
    ...container(number.toString(16).padStart(64, '0'), [`172.17.1.${number}`], 'x'.repeat(250_000)),
  });
  for (let number = 1; number <= 200; number += 1) clients.take(long(number));
  expect(clients.whoIs('172.17.1.100')).toMatchObject({ kind: 'container' });
  expect(clients.whoIs('172.17.1.200')).toBeUndefined();
  // One that has room and wants more has none.
  clients.take(container('1'.padStart(64, '0'), ['172.17.1.1'], 'x'.repeat(2_000_000)));
  expect([clients.whoIs('172.17.1.1'), gone.length]).toEqual([undefined, 1]);
  clients.take({ kind: 'nobody' });
  clients.take(long(200));
  expect(clients.whoIs('172.17.1.200')).toMatchObject({ kind: 'container' });
});
