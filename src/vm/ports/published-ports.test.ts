import { expect, test } from 'vitest';
import { ManualClock } from '../../channel/test-support/manual-clock.js';
import { mostPublished, type PortRequest } from '../../common/ports.js';
import type { PortBindingBehavior } from '../../policy/index.js';
import { claimMs, PublishedPorts } from './published-ports.js';

const publish = (guestPort: number, address = '0.0.0.0', port = guestPort): PortRequest => ({
  ask: 'publish',
  protocol: 'tcp',
  guestPort,
  address,
  port,
});

function setUp(portBinding: PortBindingBehavior = 'default-port-binding') {
  const did: string[] = [];
  const clock = new ManualClock();
  const ports = new PublishedPorts({
    listen: async ({ address, port }) => {
      if (port === 5432) throw new Error('it is taken');
      did.push(`listen ${address} ${port}`);
      return async () => void did.push(`stop ${address} ${port}`);
    },
    portBinding,
    clock,
    logger: { warn: () => undefined },
  });
  ports.begin();
  return { did, clock, ports };
}

test('a port is listened on until it is released', async () => {
  const { did, ports } = setUp();
  expect(await ports.carryOut(publish(4000, '127.0.0.1', 80))).toEqual({
    ask: 'publish',
    protocol: 'tcp',
    guestPort: 4000,
  });
  expect(ports.list()).toEqual([{ protocol: 'tcp', address: '127.0.0.1', port: 80 }]);
  await ports.carryOut({ ask: 'release', protocol: 'tcp', guestPort: 4000 });
  expect(ports.list()).toEqual([]);
  expect(did).toEqual(['listen 127.0.0.1 80', 'stop 127.0.0.1 80']);
  expect(await ports.carryOut({ ask: 'release', protocol: 'udp', guestPort: 4000 })).not.toHaveProperty(
    'error',
  );
});

test('one that can not be given up is told of, and held until it is', async () => {
  let isStuck = true;
  const ports = new PublishedPorts({
    listen: async () => async () => {
      if (isStuck) throw new Error('the monitor is silent');
    },
    portBinding: 'default-port-binding',
    clock: new ManualClock(),
    logger: { warn: () => undefined },
  });
  await ports.carryOut(publish(4000, '127.0.0.1', 80));
  const release: PortRequest = { ask: 'release', protocol: 'tcp', guestPort: 4000 };
  for (const request of [release, publish(4000, '127.0.0.1', 81)])
    expect(await ports.carryOut(request)).toMatchObject({ error: 'the monitor is silent' });
  expect(ports.list()).toEqual([{ protocol: 'tcp', address: '127.0.0.1', port: 80 }]);
  isStuck = false;
  await ports.carryOut(publish(4000, '127.0.0.1', 81));
  expect(ports.list()).toEqual([{ protocol: 'tcp', address: '127.0.0.1', port: 81 }]);
});

test('the reason is told where it can not be', async () => {
  const { ports } = setUp();
  expect(await ports.carryOut(publish(4000, '0.0.0.0', 5432))).toMatchObject({ error: 'it is taken' });
  expect(ports.list()).toEqual([]);
});

test.each<[PortBindingBehavior, string, boolean]>([
  ['local-only-port-binding', '0.0.0.0', false],
  ['local-only-port-binding', '::', false],
  ['local-only-port-binding', '::ffff:127.0.0.1', false],
  ['local-only-port-binding', '127.0.0.1', true],
  ['local-only-port-binding', '::1', true],
  ['default-local-port-binding', '0.0.0.0', true],
  ['default-port-binding', '0.0.0.0', true],
])(
  'H16: under %s the host, whatever the guest asks, listens on %s: %s',
  async (behaviour, address, listens) => {
    const { did, ports } = setUp(behaviour);
    const { error } = await ports.carryOut(publish(4000, address));
    expect(did).toHaveLength(listens ? 1 : 0);
    expect(error === undefined).toBe(listens);
    expect(error ?? 'rule port-bindings, setting portBindingBehavior').toContain(
      'rule port-bindings, setting portBindingBehavior',
    );
  },
);

test('there are only so many', async () => {
  const { ports } = setUp();
  for (let port = 1; port <= mostPublished; port++) await ports.carryOut(publish(port + 6000));
  expect((await ports.carryOut(publish(5000))).error).toContain('as many as');
});

test('ports outlive a session of the guest; what the next one does not ask for is taken back after a minute', async () => {
  const { did, clock, ports } = setUp();
  await ports.carryOut(publish(4000));
  await ports.carryOut(publish(4001));
  await clock.advanceWhenSleeping(claimMs);
  ports.begin();
  expect(await ports.carryOut(publish(4001))).not.toHaveProperty('error');
  await ports.carryOut(publish(4002));
  expect(did.filter((act) => act.startsWith('listen'))).toHaveLength(3);
  await clock.advanceWhenSleeping(claimMs);
  await ports.carryOut(publish(4003));
  expect(did.filter((act) => act.startsWith('stop'))).toEqual(['stop 0.0.0.0 4000']);
  await ports.close();
  expect(did.filter((act) => act.startsWith('stop'))).toHaveLength(4);
});

test('a guest port that is to be another port of the host gives the first one back', async () => {
  const { did, ports } = setUp();
  await ports.carryOut(publish(4000, '0.0.0.0', 80));
  await ports.carryOut(publish(4000, '0.0.0.0', 81));
  expect(did).toEqual(['listen 0.0.0.0 80', 'stop 0.0.0.0 80', 'listen 0.0.0.0 81']);
});

test('what an ended session has asked for and was not begun is not done', async () => {
  const { did, ports } = setUp();
  const first = ports.carryOut(publish(4000));
  const waiting = [ports.carryOut(publish(4001)), ports.carryOut(publish(4002))];
  const released = ports.carryOut({ ask: 'release', protocol: 'tcp', guestPort: 4000 });
  ports.begin();
  expect((await Promise.all([first, ...waiting])).every(({ error }) => error?.includes('has ended'))).toBe(
    true,
  );
  expect((await released).error).toBeUndefined();
  expect((await ports.carryOut(publish(4001))).error).toBeUndefined();
  expect(did).toEqual(['listen 0.0.0.0 4001']);
});
