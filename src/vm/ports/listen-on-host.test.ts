import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { readAll } from '../../channel/test-support/streams.js';
import type { HostForward } from '../backend.js';
import { bindErrorText, isWithoutIPv6 } from './bind-error.js';
import { listenOnHost } from './listen-on-host.js';
import { tryBind } from './try-bind.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** In the place of QEMU: listens itself, and says what it hears behind what it was told. */
function forwarding(forwardsIPv6 = false) {
  const servers = new Map<number, Server>();
  const removed: number[] = [];
  const addresses: string[] = [];
  return {
    removed,
    forwardsIPv6,
    /** At which addresses it was told to listen. */
    listened: () => addresses,
    addForward: async ({ protocol, address, port, guestPort }: HostForward): Promise<void> => {
      addresses.push(address);
      if (protocol === 'udp') {
        const socket = createSocket('udp4').bind(port, address);
        socket.on('message', (text, from) =>
          socket.send(`${guestPort} ${String(text)}`, from.port, from.address),
        );
        await once(socket, 'listening');
        cleanUps.push(() => socket.close());
        return;
      }
      const server = createServer({ allowHalfOpen: true }, (socket) => {
        void readAll(socket).then((text) => socket.end(`${guestPort} ${String(text)}`));
      }).listen(port, address);
      await once(server, 'listening');
      servers.set(port, server);
      cleanUps.push(() => server.close());
    },
    removeForward: async ({ port }: { readonly port: number }): Promise<void> => {
      removed.push(port);
      servers.get(port)?.close();
    },
  };
}

async function ask(address: string, port: number, text: string): Promise<string> {
  const socket = connect({ host: address, port, allowHalfOpen: true });
  socket.end(text);
  return String(await readAll(socket));
}

const free = (protocol: 'tcp' | 'udp'): Promise<number> =>
  tryBind({ protocol, address: '127.0.0.1', port: 0 });

test.each([
  ['127.0.0.1', 'listens at IPv4 addresses alone', '127.0.0.1'],
  ['::1', 'listens at IPv4 addresses alone', '127.0.0.1'],
  ['::1', 'does at those of IPv6 as well', '::1'],
])(
  'TCP on %s of a QEMU that %s goes to the guest port, also what comes back after the end',
  async (address, what, byQemu) => {
    const vm = forwarding(what.includes('IPv6'));
    const port = await free('tcp');
    const stop = await listenOnHost({ protocol: 'tcp', address, port, guestPort: 4000 }, vm);
    expect(await ask(address, port, 'hello')).toBe('4000 hello');
    await stop();
    expect(await tryBind({ protocol: 'tcp', address, port })).toBe(port);
    expect([vm.listened(), vm.removed.length]).toEqual([[byQemu], 1]);
  },
);

test.each([
  ['::1', 'udp'],
  ['fe80::1%lo', 'tcp'],
] as const)('QEMU is not asked for %s by %s, whatever it can', async (address, protocol) => {
  const vm = forwarding(true);
  const wanted = { protocol, address, port: await free(protocol), guestPort: 4000 };
  await listenOnHost(wanted, vm).then(
    (stop) => stop(),
    () => undefined,
  );
  expect(vm.listened()).toEqual(['127.0.0.1']);
});

test('UDP on ::1 goes to the guest port, each peer having its own answers', async () => {
  const port = await free('udp');
  const stop = await listenOnHost({ protocol: 'udp', address: '::1', port, guestPort: 4000 }, forwarding());
  const answers = await Promise.all(
    ['one', 'two'].map(async (text) => {
      const socket = createSocket('udp6');
      socket.send(text, port, '::1');
      const answer = await new Promise<Buffer>((resolve) => socket.once('message', resolve));
      socket.close();
      return String(answer);
    }),
  );
  expect(answers).toEqual(['4000 one', '4000 two']);
  await stop();
});

test.each([
  ['tcp', '127.0.0.1', false, 'listen tcp4 127.0.0.1:'],
  ['tcp', '::1', false, 'listen tcp6 [::1]:'],
  ['tcp', '::1', true, 'listen tcp6 [::1]:'],
] as const)(
  '%s on %s (by QEMU at IPv6: %s): one that is taken is the usual error, and QEMU does not listen',
  async (protocol, address, forwardsIPv6, words) => {
    const taker = createServer().listen(0, address);
    await once(taker, 'listening');
    cleanUps.push(() => taker.close());
    const bound = taker.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const vm = forwarding(forwardsIPv6);
    const wanted = { protocol, address, port, guestPort: 4000 };
    const refused = listenOnHost(wanted, vm);
    await expect(refused).rejects.toThrow(words);
    await expect(refused).rejects.toThrow('bind: address already in use');
  },
);

test('UDP that is taken is noticed as well', async () => {
  const taker = createSocket({ type: 'udp4', reuseAddr: true }).bind(0, '127.0.0.1');
  await once(taker, 'listening');
  cleanUps.push(() => taker.close());
  const wanted = { protocol: 'udp', address: '127.0.0.1', port: taker.address().port, guestPort: 1 } as const;
  await expect(listenOnHost(wanted, forwarding())).rejects.toThrow('address already in use');
});

test('an address the host does not have, and one of an IPv6 that it does not have', async () => {
  const wanted = { protocol: 'tcp', address: '192.0.2.1', port: 4000, guestPort: 1 } as const;
  await expect(listenOnHost(wanted, forwarding())).rejects.toThrow('the host does not have it');
  const missing = Object.assign(new Error('x'), { code: 'EAFNOSUPPORT' });
  expect([isWithoutIPv6('::', missing), isWithoutIPv6('::1', missing)]).toEqual([true, true]);
  expect([isWithoutIPv6('fd00::1', missing), isWithoutIPv6('::', new Error('x'))]).toEqual([false, false]);
});

test('who may not have a port below 1024 is told what opens it', () => {
  const denied = Object.assign(new Error('listen EACCES'), { code: 'EACCES' });
  const place = { protocol: 'tcp', address: '0.0.0.0' } as const;
  expect(bindErrorText({ ...place, port: 80 }, denied)).toBe(
    "listen tcp4 0.0.0.0:80: bind: permission denied (ports below 1024 of the host are not everybody's; an administrator opens those from 80 on with sysctl net.ipv4.ip_unprivileged_port_start=80)",
  );
  expect(bindErrorText({ ...place, port: 8080 }, denied)).toContain('bind: listen EACCES');
});

describe('from a VM whose policy says what may get out', () => {
  const restricted = { contact: 'it@example.com' };
  const own = Object.values(networkInterfaces())
    .flatMap((all = []) => all)
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

  test.each(['127.0.0.1', ...(own === undefined ? [] : [own])])(
    'TCP on %s reaches it from the loopback, whose answers QEMU lets out',
    async (address) => {
      const vm = forwarding();
      const port = await tryBind({ protocol: 'tcp', address, port: 0 });
      const stop = await listenOnHost({ protocol: 'tcp', address, port, guestPort: 4000 }, vm, restricted);
      expect(await ask(address, port, 'hello')).toBe('4000 hello');
      expect(vm.listened()).toEqual(['127.0.0.1']);
      await stop();
      expect(await tryBind({ protocol: 'tcp', address, port })).toBe(port);
    },
  );

  test('TCP on [::] is taken by a QEMU that can: to the guest whoever connects is the gateway', async () => {
    const vm = forwarding(true);
    const port = await free('tcp');
    await (
      await listenOnHost({ protocol: 'tcp', address: '::', port, guestPort: 1 }, vm, restricted)
    )();
    expect(vm.listened()).toEqual(['::']);
  });

  test('UDP is refused, with the rule, its settings and whom to ask', async () => {
    const vm = forwarding();
    const wanted = { protocol: 'udp', address: '127.0.0.1', port: await free('udp'), guestPort: 1 } as const;
    await expect(listenOnHost(wanted, vm, restricted)).rejects.toThrow(
      /rule egress, settings bulkhead\.networkAccess, containersProxy, bulkhead\.registryAccess and bulkhead\.imageAccess\)\. Ask it@example\.com\.$/,
    );
    const stop = await listenOnHost(wanted, vm);
    await stop();
  });
});
