import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Docker, unique } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';
import { portImage, portPrograms } from '../support/port-image.ts';

/** `publish-port` in the place of docker-proxy, where ports are those of the engine's own network. */
let engine: OwnEngine;
let docker: Docker;
let image = '';
beforeAll(async () => {
  engine = await startOwnEngine('ports');
  ({ docker } = engine);
  image = await portImage(docker);
}, 120_000);
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

/** Processes of the engine with this program. */
async function pidsOf(program: string): Promise<number[]> {
  const words = ['--ns', String(engine.internals.init), '--nslist', 'pid', '-f', `^${program} `];
  const { stdout } = await execa('/usr/bin/pgrep', words, { reject: false });
  return stdout.split('\n').filter(Boolean).map(Number);
}
const publishing = async (): Promise<number> => (await pidsOf('/usr/lib/bulkhead/publish-port')).length;
const proxying = async (): Promise<number> => (await pidsOf('/usr/sbin/docker-proxy')).length;

/** In the engine's network. */
const there = (): string[] => ['-t', String(engine.internals.init), '-n', '--'];
async function ask(
  protocol: 'tcp' | 'udp',
  port: number | string,
  text: string,
  address = '127.0.0.1',
): Promise<string> {
  const client = join(import.meta.dirname, '..', 'support', 'port-ask.ts');
  const words = [process.execPath, client, protocol, address, String(port), text];
  return (await execa('/usr/bin/nsenter', [...there(), ...words])).stdout;
}

async function published(name: string, port: string, address = '127.0.0.1'): Promise<number> {
  const lines = (await docker.ok(['port', name, port])).split('\n');
  const line = lines.find((line) => line.startsWith(address));
  return Number(line?.split(':').at(-1));
}

test('a container is reached by TCP and UDP at the loopback, and docker-proxy is there from then on', async () => {
  const name = unique('echo');
  const publish = ['-p', '127.0.0.1::80', '-p', '127.0.0.1::80/udp'];
  await docker.ok(['run', '-d', '--name', name, ...publish, image]);
  expect(await publishing()).toBe(2);
  expect(await proxying()).toBe(0);
  expect(await ask('tcp', await published(name, '80/tcp'), 'by TCP')).toBe('by TCP');
  expect(await proxying()).toBe(1);
  expect(await ask('udp', await published(name, '80/udp'), 'by UDP')).toBe('by UDP');
  expect(await proxying()).toBe(2);
  await docker.ok(['rm', '-f', name]);
  expect(await publishing()).toBe(0);
  expect(await proxying()).toBe(0);
});

test('ports and docker-proxies are counted, each in a cgroup of their own', async () => {
  const name = unique('counted');
  await docker.ok(['run', '-d', '--name', name, '-p', '127.0.0.1::80', image]);
  expect(await ask('tcp', await published(name, '80/tcp'), 'x')).toBe('x');
  const cgroups = async (program: string): Promise<string[]> =>
    Promise.all((await pidsOf(program)).map((pid) => readFile(`/proc/${pid}/cgroup`, 'utf8')));
  expect(await cgroups('/usr/lib/bulkhead/publish-port')).toEqual([
    expect.stringMatching(/^\d+:(?:.*\bpids\b.*)?:\S*\/bulkhead-ports$/m),
  ]);
  expect(await cgroups('/usr/sbin/docker-proxy')).toEqual([
    expect.stringMatching(/^\d+:(?:.*\bpids\b.*)?:\S*\/bulkhead-proxies$/m),
  ]);
  await docker.ok(['rm', '-f', name]);
});

test('a docker-proxy that was killed is there again with the next connection', async () => {
  const name = unique('killed');
  await docker.ok(['run', '-d', '--name', name, '-p', '127.0.0.1::80', image]);
  const port = await published(name, '80/tcp');
  expect(await ask('tcp', port, 'one')).toBe('one');
  const [proxy] = await pidsOf('/usr/sbin/docker-proxy');
  if (proxy === undefined) throw new Error('there is no docker-proxy');
  process.kill(proxy, 'SIGKILL');
  await eventually(async () => {
    expect(await pidsOf('/usr/sbin/docker-proxy')).not.toContain(proxy);
  }, 30_000);
  expect(await ask('tcp', port, 'two')).toBe('two');
  await docker.run(['rm', '-f', name]);
});

test('a port that is taken is the usual error, and the container does not start', async () => {
  const taker = execa('/usr/bin/nsenter', [...there(), join(portPrograms, 'port-echo'), '21999'], {
    reject: false,
  });
  try {
    await once(taker.stdout, 'data');
    const { status, stderr } = await docker.run(['run', '--rm', '-p', '127.0.0.1:21999:80', image]);
    expect(stderr).toContain('address already in use');
    expect(status).toBe(125);
  } finally {
    taker.kill();
    await taker;
  }
});

test('a container reaches itself by the address of its gateway, as with docker-proxy', async () => {
  const name = unique('hairpin');
  await docker.ok(['run', '-d', '--name', name, '-p', '80', image]);
  const port = await published(name, '80/tcp', '0.0.0.0');
  const gateway = await docker.ok(['inspect', '-f', '{{.NetworkSettings.Gateway}}', name]);
  const script = `echo round | nc -w 20 ${gateway} ${port}`;
  await eventually(async () => {
    expect(await docker.ok(['exec', name, 'sh', '-c', script])).toBe('round');
  }, 30_000);
  await docker.ok(['rm', '-f', name]);
});

test('two hundred ports of a range and fifty of UDP take a task each, all answer, are free while the container is stopped, and come back', async () => {
  const name = unique('many');
  const bridge = await docker.ok([
    'network',
    'inspect',
    '-f',
    '{{(index .IPAM.Config 0).Gateway}}',
    'bridge',
  ]);
  const ports = ['-p', `${bridge}:21000-21199:20000-20199`, '-p', `${bridge}:21000-21049:20000-20049/udp`];
  await docker.ok(['run', '-d', '--name', name, ...ports, image, 'port-echo', '20000', '20199']);
  const expectAll = async (protocol: 'tcp' | 'udp', last: number): Promise<void> => {
    const asked = Array.from({ length: last - 20_999 }, (_, index) => `${protocol} ${21_000 + index}`);
    expect((await ask(protocol, `21000-${last}`, protocol, bridge)).trimEnd().split('\n')).toEqual(asked);
  };
  expect(await publishing()).toBe(250);
  await expectAll('tcp', 21_199);
  await expectAll('udp', 21_049);
  // By the address of a bridge it is rules that lead there.
  expect(await proxying()).toBe(0);
  await docker.ok(['stop', '-t', '0', name]);
  expect(await publishing()).toBe(0);
  await expect(ask('tcp', 21_199, 'stopped', bridge)).rejects.toThrow('ECONNREFUSED');
  await docker.ok(['start', name]);
  await expectAll('tcp', 21_199);
  await docker.ok(['rm', '-f', name]);
  expect(await publishing()).toBe(0);
}, 240_000);
