import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { flowShare, readDescriptors } from '../../dist/vm/network/flow-share.js';
import { createDocker, probe, unique } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { instanceAt } from '../support/instance.ts';
import { askTcp } from '../support/port-client.ts';
import { portImage, portPrograms } from '../support/port-image.ts';

/** What containers of a VM that no policy restricts begin is a descriptor of QEMU's each, and QEMU's are for all. */
const instance = instanceAt(inject('instance'));
const docker = createDocker(instance.dockerHost);
/** The way to the host's loopback is closed, so the world is another address of it. */
const outside = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
const undo = new AsyncDisposableStack();
let echo = '';
let flooding = '';

beforeAll(async () => {
  echo = await portImage(docker);
  undo.defer(async () => void (await docker.run(['rmi', '-f', echo])));
  flooding = unique('flooding');
  const input = `FROM ${probe}\nCOPY many-flows half-open /bin/\n`;
  await docker.ok(['build', '-q', '-t', flooding, '-f', '-', portPrograms], { input });
  undo.defer(async () => void (await docker.run(['rmi', '-f', flooding])));
}, 300_000);
afterAll(() => undo[Symbol.asyncDispose](), 300_000);

/** A server of the host's that says so to whoever connects, and a socket that takes datagrams and is silent. */
async function startWorld(address: string): Promise<{ readonly tcp: number; readonly udp: number }> {
  const server = createServer((socket) => socket.on('error', () => undefined).end('here')).listen(0, address);
  const datagrams = createSocket('udp4').bind(0, address);
  await Promise.all([once(server, 'listening'), once(datagrams, 'listening')]);
  undo.defer(() => {
    server.close();
    datagrams.close();
  });
  const listening = server.address();
  if (listening === null || typeof listening === 'string') throw new Error('it listens on a port');
  return { tcp: listening.port, udp: datagrams.address().port };
}

async function descriptorsOfVm(): Promise<number> {
  const { vmPid } = await instance.status();
  return (await readdir(`/proc/${vmPid}/fd`)).length;
}

/** Sockets that QEMU waits for by the epoll instance of `src/vm/idle-sockets`; its own threads have one each, of a few descriptors (proc_pid_fdinfo(5)). */
async function leftToEpoll(): Promise<number> {
  const { vmPid } = await instance.status();
  const directory = `/proc/${vmPid}/fdinfo`;
  const waited = (await readdir(directory)).map(async (fd) => {
    const text = await readFile(join(directory, fd), 'utf8').catch(() => '');
    return text.match(/^tfd:/gm)?.length ?? 0;
  });
  return Math.max(...(await Promise.all(waited)));
}

test.runIf(outside !== undefined)(
  'a container that begins all it can leaves others their connections and ports, and is refused at once',
  { timeout: 600_000 },
  async () => {
    const address = outside ?? '';
    const { tcp, udp } = await startWorld(address);
    const [network, flooder, published] = [unique('flood'), unique('flooder'), unique('published')];
    await docker.ok(['network', 'create', network]);
    undo.defer(async () => void (await docker.run(['network', 'rm', network])));
    await docker.ok(['run', '-d', '--name', published, '-p', '127.0.0.1::80', echo]);
    await docker.ok(['run', '-d', '--name', flooder, '--network', network, flooding, 'sleep', '3600']);
    undo.defer(async () => void (await docker.run(['rm', '-f', flooder, published])));
    const share = flowShare(readDescriptors());
    const before = await descriptorsOfVm();

    const sent = await docker.ok(['exec', flooder, 'many-flows', 'udp', address, String(udp), '30000']);
    expect(Number(sent)).toBeGreaterThan(share);
    const taken = (await descriptorsOfVm()) - before;
    // An address has half of what its network has; a few are of what else goes on.
    expect(taken).toBeGreaterThan(share / 2 - 32);
    expect(taken).toBeLessThan(share / 2 + 64);

    // Of those that are silent none is asked for in each round: neighbours would wait twice as long for everything.
    await eventually(async () => expect(await leftToEpoll()).toBeGreaterThan(taken - 64), 30_000);

    const said = await docker.ok(['exec', flooder, 'many-flows', 'tcp', address, String(tcp), '1000']);
    const [open = NaN, refused, ms] = said.split(' ').map(Number);
    expect([open, refused]).toEqual([0, 1000]);
    expect(ms).toBeLessThan(15_000);

    const invented = 'timeout 5 half-open $0 $1 10.9.0.1 1 60000';
    await docker.run(['exec', flooder, 'sh', '-c', invented, address, String(tcp)]);
    expect((await descriptorsOfVm()) - before).toBeLessThan(share / 2 + 64);

    const hear = ['sh', '-c', 'nc -w 20 $0 $1 < /dev/null', address, String(tcp)];
    for (const where of ['bridge', network])
      expect(await docker.ok(['run', '--rm', '--network', where, probe, ...hear])).toBe('here');
    const port = Number((await docker.ok(['port', published, '80/tcp'])).split(':').at(-1));
    expect(await askTcp('127.0.0.1', port, 'still there')).toBe('still there');

    const console = await readFile(join(dirname(instance.dataDisk), 'console.log'), 'utf8');
    expect(console).toContain('a container has too many connections to the world');
  },
);
