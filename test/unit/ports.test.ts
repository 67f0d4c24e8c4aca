import { duplexPair } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { systemClock } from '../../dist/common/system-clock.js';
import { HostPorts } from '../../dist/daemon/ports/host-ports.js';
import { PublishedPorts } from '../../dist/vm/ports/published-ports.js';
import { servePorts } from '../../dist/vm/ports/serve-ports.js';

/** Both ends of the stream by which the guest asks the host for ports, one session after the other. */
const web = { protocol: 'tcp', guestPort: 4000, address: '0.0.0.0', port: 80 } as const;
const names = { protocol: 'udp', guestPort: 4001, address: '::', port: 53 } as const;

function setUp(portBinding: 'default-port-binding' | 'local-only-port-binding' = 'default-port-binding') {
  const did: string[] = [];
  const published = new PublishedPorts({
    listen: async ({ port }) => {
      if (port === 5432) throw new Error('listen tcp4 0.0.0.0:5432: bind: address already in use');
      did.push(`listen ${port}`);
      return async () => void did.push(`stop ${port}`);
    },
    portBinding,
    clock: systemClock,
    logger: { warn: () => undefined },
  });
  const lost: string[] = [];
  const guest = () => new HostPorts((_forward, reason) => void lost.push(reason));
  /** A session of a bulkheadd; the way to end it. */
  const join = (ports: HostPorts): (() => void) => {
    const [hostEnd, guestEnd] = duplexPair();
    void servePorts({ openPorts: async () => hostEnd }, published, { warn: () => undefined });
    ports.serve(guestEnd);
    return () => {
      guestEnd.destroy();
      hostEnd.destroy();
    };
  };
  return { did, lost, published, guest, join };
}

test('what is asked for before there is a session is had with the first', async () => {
  const { did, guest, join } = setUp();
  const ports = guest();
  const both = Promise.all([ports.publish(web), ports.publish(names)]);
  expect(did).toEqual([]);
  join(ports);
  await both;
  expect(did).toEqual(['listen 80', 'listen 53']);
  await Promise.all([ports.release(web), ports.release(web)]);
  expect(did).toEqual(['listen 80', 'listen 53', 'stop 80']);
});

test("the host's reason comes back, and what was refused is not asked for again", async () => {
  const { did, lost, guest, join } = setUp();
  const ports = guest();
  const leave = join(ports);
  await expect(ports.publish({ ...web, port: 5432 })).rejects.toThrow('bind: address already in use');
  leave();
  join(ports);
  await ports.publish(names);
  expect([did, lost]).toEqual([['listen 53'], []]);
});

test('a session that breaks, and a bulkheadd that is killed, stop nothing', async () => {
  const { did, guest, join, published } = setUp();
  const first = guest();
  const leave = join(first);
  await first.publish(web);
  leave();
  const leaveAgain = join(first);
  await first.publish(names);
  leaveAgain();
  const second = guest();
  join(second);
  await Promise.all([second.publish(names), second.publish(web)]);
  expect(did).toEqual(['listen 80', 'listen 53']);
  expect(published.list()).toHaveLength(2);
});

test('a release that the host can not hear of ends all the same', async () => {
  const { guest, join } = setUp();
  const ports = guest();
  const leave = join(ports);
  await ports.publish(web);
  leave();
  await vi.waitFor(() => expect(ports.release(web)).resolves.toBeUndefined());
});

test('the lease of a publish-port that gives up ends with an error', async () => {
  const { guest } = setUp();
  const ports = guest();
  const publishing = ports.publish(web);
  await ports.release(web);
  await expect(publishing).rejects.toThrow('not wanted any more');
});

test('a guest that asks for every address is told the rule, and the same without it gets it', async () => {
  const { did, guest, join } = setUp('local-only-port-binding');
  const ports = guest();
  join(ports);
  await expect(ports.publish(web)).rejects.toThrow('setting portBindingBehavior');
  expect(did).toEqual([]);
  await ports.publish({ ...web, address: '127.0.0.1' });
  const off = setUp();
  const same = off.guest();
  off.join(same);
  await same.publish(web);
  expect([did, off.did]).toEqual([['listen 80'], ['listen 80']]);
});
