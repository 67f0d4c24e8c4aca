import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { tryBind } from '../../dist/vm/ports/try-bind.js';
import { createDocker, unique } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { instanceAt } from '../support/instance.ts';
import { listening } from '../support/listeners.ts';
import { askTcp, askUdp, connectTo, exchange } from '../support/port-client.ts';
import { portImage } from '../support/port-image.ts';

/** Ports of containers of a VM, as the host has them. */
const instance = instanceAt(inject('instance'));
const docker = createDocker(instance.dockerHost);
let image = '';
let gateway = '';
beforeAll(async () => {
  image = await portImage(docker);
  const { network } = await instance.status();
  gateway = network?.replace(/\d+\/24$/, '1') ?? '';
}, 300_000);
const made: string[] = [];
afterAll(async () => {
  await docker.run(['rm', '-f', ...made]);
  await docker.run(['rmi', '-f', image]);
}, 300_000);

/** Starts an echo with these options and gives its name. */
async function echo(...options: readonly string[]): Promise<string> {
  const name = unique('port');
  made.push(name);
  await docker.ok(['run', '-d', '--name', name, ...options, image]);
  return name;
}

/** Where the host has a port of a container, on its loopback. */
async function published(name: string, port: string): Promise<number> {
  const lines = (await docker.ok(['port', name, port])).split('\n');
  return Number(
    lines
      .find((line) => !line.startsWith('['))
      ?.split(':')
      .at(-1),
  );
}

/** A port of the host that nobody has now. */
const freePort = (): Promise<number> => tryBind({ protocol: 'tcp', address: '127.0.0.1', port: 0 });

/** So many characters of a row of numbers, of which no two pieces are the same. */
const numbered = (length: number): string =>
  Array.from({ length }, (_, number) => number)
    .join(' ')
    .slice(0, length);

/** As `ends-first` reckons it. */
function fnv1a(bytes: Uint8Array): number {
  let hash = 2_166_136_261;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 16_777_619);
  return hash >>> 0;
}

describe('a published port', () => {
  let name = '';
  let port = 0;
  beforeAll(async () => {
    port = await freePort();
    name = await echo('-p', `${port}:80`, '-p', `${port}:80/udp`);
  });

  test.each(['127.0.0.1', '::1'])(
    'is reached on %s by TCP, past the end of one side, and by UDP',
    async (address) => {
      expect(await askTcp(address, port, 'by TCP')).toBe('by TCP');
      expect(await askUdp(address, port, 'by UDP')).toBe('by UDP');
    },
  );

  test('is on every address of the host, as status says', async () => {
    expect(await listening('self', port)).toEqual(['0.0.0.0', '::']);
    const { stdout } = await instance.run('status');
    expect(stdout).toContain(`0.0.0.0:${port}/tcp`);
    expect(stdout).toContain(`[::]:${port}/udp`);
  });

  test.each([
    ['127.0.0.1', 64],
    ['::1', 16],
  ])('carries on %s %i MiB each way at once, unaltered', { timeout: 600_000 }, async (address, size) => {
    const [sent, got] = await exchange(address, port, size << 20);
    expect(got).toBe(sent);
  });

  test.each(['127.0.0.1', '::1'])(
    'carries on %s a thousand connections that are begun in one moment',
    { timeout: 120_000 },
    async (address) => {
      const open = async (): Promise<Socket> => {
        const socket = connect({ host: address, port, allowHalfOpen: true });
        await once(socket, 'connect');
        socket.write('begun ');
        await once(socket, 'readable');
        return socket;
      };
      const sockets = await Promise.all(Array.from({ length: 1000 }, open));
      const answers = sockets.map(async (socket, index) => {
        socket.end(`and ended ${index}`);
        let text = '';
        for await (const chunk of socket) text += String(chunk);
        return text;
      });
      expect(await Promise.all(answers)).toEqual(sockets.map((_, index) => `begun and ended ${index}`));
    },
  );

  test.each(['127.0.0.1', '::1'])('carries on %s datagrams of 8 KiB each way', async (address) => {
    const text = numbered(8192);
    expect(await askUdp(address, port, text)).toBe(text);
  });

  test('has its packets led past the firewall once they are established, as far as PID 1 says', async () => {
    const said = await readFile(join(dirname(instance.dataDisk), 'console.log'), 'utf8');
    expect(said).not.toContain('flows of published ports');
  });

  test('is there again after a restart of the container, and free after its removal', async () => {
    await docker.ok(['restart', '-t', '0', name]);
    await eventually(async () => expect(await askTcp('127.0.0.1', port, 'again')).toBe('again'), 30_000);
    await docker.ok(['rm', '-f', name]);
    expect(await listening('self', port)).toEqual([]);
    const server = createServer().listen(port, '0.0.0.0');
    await once(server, 'listening');
    server.close();
  });
});

describe('of a container with addresses of both families', () => {
  const [both, six] = [unique('both'), unique('six')];
  beforeAll(async () => {
    await docker.ok(['network', 'create', '--ipv6', both]);
    await docker.ok(['network', 'create', '--ipv6', '--ipv4=false', six]);
  });
  afterAll(() => docker.run(['network', 'rm', both, six]));

  test('a port is on the host as without IPv6, and free afterwards', async () => {
    const port = await freePort();
    const name = await echo('--network', both, '-p', `${port}:80`, '-p', `${port}:80/udp`);
    expect(await listening('self', port)).toEqual(['0.0.0.0', '::']);
    for (const address of ['127.0.0.1', '::1']) {
      expect(await askTcp(address, port, `by ${address}`)).toBe(`by ${address}`);
      expect(await askUdp(address, port, `by ${address}`)).toBe(`by ${address}`);
    }
    await docker.ok(['rm', '-f', name]);
    expect(await listening('self', port)).toEqual([]);
  });

  test('two containers have the same port of the host, each by its family', async () => {
    const port = await freePort();
    const names = await Promise.all(
      ['127.0.0.1', '[::1]'].map(async (address) =>
        echo('--network', both, '-p', `${address}:${port}:80/udp`),
      ),
    );
    for (const address of ['127.0.0.1', '::1'])
      expect(await askUdp(address, port, `by ${address}`)).toBe(`by ${address}`);
    // Each says who has sent it something, and to both it is the gateway.
    for (const name of names) expect(await docker.ok(['logs', name])).toContain(gateway);
    await docker.ok(['rm', '-f', ...names]);
  });

  test('a port goes with its network and comes back with it, and is where it was asked for, however that is written', async () => {
    const port = await freePort();
    const places = ['-p', `[::ffff:127.0.0.1]:${port}:80`, '-p', `[0:0:0:0:0:0:0:1]:${port}:80`];
    const name = await echo('--network', both, ...places);
    const onBoth = ['127.0.0.1', '::1'];
    const expectAt = async (addresses: readonly string[]): Promise<void> => {
      expect(await listening('self', port)).toEqual(addresses);
      for (const address of addresses)
        expect(await askTcp(address, port, `by ${address}`)).toBe(`by ${address}`);
    };
    await expectAt(onBoth);
    await docker.ok(['network', 'disconnect', both, name]);
    await expectAt([]);
    await docker.ok(['network', 'connect', both, name]);
    await expectAt(onBoth);
    // Without IPv4 in it: what the container has in another network could be a stranger's once it has left that.
    await docker.ok(['network', 'connect', 'bridge', name]);
    await docker.ok(['network', 'disconnect', both, name]);
    await docker.ok(['network', 'connect', six, name]);
    await expectAt(['127.0.0.1']);
    await docker.ok(['rm', '-f', name]);
    await expectAt([]);
  });

  test('one without IPv4 has none on the host, and starts all the same', async () => {
    const port = await freePort();
    const name = await echo('--network', six, '-p', `${port}:80`);
    expect(await listening('self', port)).toEqual([]);
    await docker.ok(['rm', '-f', name]);
  });
});

describe('of a server that ends its side first', () => {
  let name = '';
  let port = 0;
  beforeAll(async () => {
    name = unique('port');
    made.push(name);
    port = await freePort();
    await docker.ok(['run', '-d', '--name', name, '-p', `${port}:80`, image, 'ends-first', '80']);
  });
  afterAll(() => docker.run(['rm', '-f', name]));

  test.each(['127.0.0.1', '::1'])('all the client still sends on %s gets there', async (address) => {
    const socket = await connectTo(address, port);
    let heard = '';
    socket.on('data', (chunk) => (heard += String(chunk)));
    await once(socket, 'end');
    expect(heard).toBe('over');
    const bytes = randomBytes(1 << 20);
    socket.end(bytes);
    await once(socket, 'close');
    const took = `took ${bytes.length} ${fnv1a(bytes)}`;
    await eventually(async () => expect(await docker.ok(['logs', name])).toContain(took), 30_000);
  });
});

test('a container that is stopped has no port on the host, and has it again when it is started', async () => {
  const port = await freePort();
  const name = await echo('-p', `${port}:80`, '-p', `${port}:80/udp`);
  const datagrams = { protocol: 'udp', address: '127.0.0.1', port } as const;
  expect(await listening('self', port)).toEqual(['0.0.0.0', '::']);
  await expect(tryBind(datagrams)).rejects.toThrow('EADDRINUSE');
  await docker.ok(['stop', '-t', '0', name]);
  expect(await listening('self', port)).toEqual([]);
  expect(await tryBind(datagrams)).toBe(port);
  expect((await instance.run('status')).stdout).not.toContain(`:${port}/`);
  await docker.ok(['start', name]);
  expect(await listening('self', port)).toEqual(['0.0.0.0', '::']);
  for (const address of ['127.0.0.1', '::1']) {
    expect(await askTcp(address, port, 'again')).toBe('again');
    expect(await askUdp(address, port, 'again')).toBe('again');
  }
  await docker.ok(['rm', '-f', name]);
});

test('a port the engine chooses is the same on the host, and none that its own connections get', async () => {
  const name = await echo('-p', '80');
  const port = await published(name, '80/tcp');
  expect(await askTcp('127.0.0.1', port, 'chosen')).toBe('chosen');
  const range = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
  expect(port).toBeLessThan(Number.parseInt(range));
  await docker.ok(['rm', '-f', name]);
});

test('one on the loopback is there alone', async () => {
  const name = await echo('-p', '127.0.0.1::80');
  const port = await published(name, '80/tcp');
  expect(await listening('self', port)).toEqual(['127.0.0.1']);
  expect(await askTcp('127.0.0.1', port, 'here')).toBe('here');
  await docker.ok(['rm', '-f', name]);
});

test("one on an address of the host's own is there, and one on an address it does not have is refused", async () => {
  const name = await echo('-p', '127.0.0.9::80');
  const port = await published(name, '80/tcp');
  expect(await askTcp('127.0.0.9', port, 'here')).toBe('here');
  await docker.ok(['rm', '-f', name]);
  const { status, stderr } = await docker.run(['run', '--rm', '-p', '192.0.2.7:4000:80', image]);
  expect(stderr).toContain('cannot assign requested address (the host does not have it)');
  expect(status).toBe(125);
});

test('one that a program of the host has is the usual error, and is had once that is gone', async () => {
  const taker = createServer().listen(0, '0.0.0.0');
  await once(taker, 'listening');
  const address = taker.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const name = unique('taken');
  made.push(name);
  const { status, stderr } = await docker.run(['run', '-d', '--name', name, '-p', `${port}:80`, image]);
  expect(stderr).toContain(`listen tcp4 0.0.0.0:${port}: bind: address already in use`);
  expect(status).toBe(125);
  taker.close();
  await once(taker, 'close');
  await docker.ok(['start', name]);
  expect(await askTcp('127.0.0.1', port, 'mine')).toBe('mine');
  await docker.ok(['rm', '-f', name]);
});

test('a range of sixty ports is published, and free afterwards', { timeout: 900_000 }, async () => {
  const name = await echo('-p', '127.0.0.1:21000-21059:20000-20059', '-p', '127.0.0.1:21060:80');
  const { stdout } = await instance.run('status', '--json');
  expect(stdout.match(/"port":210\d\d/g)).toHaveLength(61);
  expect(await askTcp('127.0.0.1', 21_060, 'last')).toBe('last');
  await docker.ok(['rm', '-f', name]);
  expect(await listening('self', 21_000)).toEqual([]);
  expect(await listening('self', 21_059)).toEqual([]);
});

describe('a container that is reached from the loopback of the host', () => {
  /** A service of the host, which counts who comes. */
  const visitors: string[] = [];
  const service = createServer((socket) => {
    visitors.push(String(socket.remoteAddress));
    socket.end();
  });
  let servicePort = 0;
  beforeAll(async () => {
    service.listen(0, '127.0.0.1');
    await once(service, 'listening');
    const address = service.address();
    servicePort = typeof address === 'object' && address !== null ? address.port : 0;
  });
  afterAll(() => service.close());

  test('answers, and reaches no service there', async () => {
    const name = await echo('-p', '127.0.0.1::80');
    const port = await published(name, '80/tcp');
    expect(await askTcp('127.0.0.1', port, 'first')).toBe('first');
    const { status } = await docker.run(['exec', name, 'nc', '-w', '5', gateway, String(servicePort)]);
    expect(status).not.toBe(0);
    expect(visitors).toEqual([]);
    await docker.ok(['rm', '-f', name]);
  });

  test('also not in the place of what it answered', async () => {
    const name = await echo('-p', '127.0.0.1::80');
    const port = await published(name, '80/tcp');
    // The service listens where the client that was answered had been.
    const localPort = await freePort();
    const client = await connectTo('127.0.0.1', port, localPort);
    client.end('x');
    client.resume();
    await once(client, 'close');
    const heard: string[] = [];
    const there = createServer((socket) => {
      heard.push('visited');
      socket.destroy();
    }).listen(localPort, '127.0.0.1');
    await once(there, 'listening');
    try {
      const own = await docker.ok(['inspect', '-f', '{{.NetworkSettings.IPAddress}}', name]);
      for (const flags of ['02', '0a', '22', '42', 'c2', '03']) {
        const words = ['port-forge', 'tcp', own, '80', gateway, String(localPort), flags];
        await docker.run(['exec', name, ...words]);
      }
      await docker.run(['exec', name, 'sh', '-c', `sleep 3`]);
      expect(heard).toEqual([]);
    } finally {
      there.close();
    }
    await docker.ok(['rm', '-f', name]);
  });
});
