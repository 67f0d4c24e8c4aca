import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { commandLine } from '../support/command-line.ts';
import { createDocker, type Docker, probe, unique } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { startWorld, type World, worldAddress, worldAddress6 } from '../support/host-world.ts';
import { serveImage } from '../support/layout-registry.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';
import { relayOf } from '../support/relay-of.ts';

let world: World;
let engine: OwnEngine;
/** What the gateway has said of what it refused. */
const said: string[] = [];

beforeAll(async () => {
  world = await startWorld();
  const file = join(tmpdir(), `bulkhead-egress-${process.pid}.json`);
  const options = { 'insecure-registries': [`${worldAddress}/32`] };
  await writeFile(file, JSON.stringify({ linuxVM: { dockerDaemonOptions: JSON.stringify(options) } }));
  await using settings = await open(file);
  await rm(file);
  engine = await startOwnEngine('egress', {
    settings,
    egress: { nameServers: [world.nameServer], onLine: (line) => said.push(line) },
  });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const greeting = `hello ::ffff:${worldAddress}`;

/** What a shell in a container says; 124 of what waits is a fault, because every refusal is told at once. */
async function inContainer(
  script: string,
  flags: readonly string[] = [],
  docker = engine.docker,
): ReturnType<Docker['run']> {
  return docker.run(['run', '--rm', ...flags, probe, 'timeout', '20', 'sh', '-c', script]);
}
const hear = (address = worldAddress, seconds = 10): string =>
  `nc -w ${seconds} ${address} ${world.port} < /dev/null | head -n 1`;

async function network(...flags: readonly string[]): Promise<{ readonly name: string } & AsyncDisposable> {
  const name = unique('egress');
  await engine.docker.ok(['network', 'create', ...flags, name]);
  return { name, [Symbol.asyncDispose]: async () => void (await engine.docker.run(['network', 'rm', name])) };
}

test('a container reaches a server of the world, by IPv4 and, where its network has it, by IPv6', async () => {
  expect((await inContainer(hear())).stdout).toBe(greeting);
  await using six = await network('--ipv6');
  expect((await inContainer(hear(worldAddress6), ['--network', six.name])).stdout).toBe(
    `hello ${worldAddress6}`,
  );
  // One that has nothing else, by a name.
  await using alone = await network('--ipv6', '--ipv4=false');
  expect((await inContainer(hear('both.test'), ['--network', alone.name])).stdout).toBe(
    `hello ${worldAddress6}`,
  );
});

test('without a way out the same container reaches nothing', async () => {
  const before = world.connections();
  const plain = createDocker(inject('dockerHost'));
  const { status, stdout } = await inContainer(hear(), [], plain);
  expect([status === 124, stdout]).toEqual([false, '']);
  expect(world.connections()).toBe(before);
});

test('names are answered by the gateway, whichever server is asked, and the engine asks it as well', async () => {
  for (const server of ['', '192.0.2.53', '2001:db8::53']) {
    await using six = await network('--ipv6');
    const name = `n${world.asked().length}x`;
    const { stdout } = await inContainer(`nslookup -type=a ${name}.test ${server}`, ['--network', six.name]);
    expect(stdout).toContain(worldAddress);
    expect(world.asked()).toContain(name);
  }
  expect(await readFile(engine.internals.path('/run/bulkhead/etc/resolv.conf'), 'utf8')).toBe(
    'nameserver 203.0.113.253\n',
  );
});

test('dockerd pulls from a registry on this machine', async () => {
  await using registry = await serveImage(engine.docker, probe, worldAddress);
  await engine.docker.ok(['pull', '-q', registry.name]);
  expect(await engine.docker.ok(['run', '--rm', registry.name, 'echo', 'pulled'])).toBe('pulled');
  await engine.docker.ok(['rmi', registry.name]);
});

test('what has no way is refused at once: other datagrams, and an echo, which nobody answers in its place', async () => {
  const sent = `
    const socket = require('node:dgram').createSocket('udp4');
    socket.on('error', (error) => { console.log(error.code); process.exit(); });
    socket.connect(123, '${worldAddress}', () => socket.send('x'));
    setTimeout(() => process.exit(), 10_000);`;
  const enter = ['-t', String(engine.internals.init), '-n', process.execPath, '-e', sent];
  const { stdout } = await execa('/usr/bin/nsenter', enter);
  // ICMP "host administratively prohibited", as the kernel translates it.
  expect(stdout).toBe('EHOSTUNREACH');
  expect((await inContainer(`ping -c 1 -W 2 ${worldAddress} > /dev/null; echo ping $?`)).stdout).toBe(
    'ping 1',
  );
});

test('a network without a way out has none here either', async () => {
  const before = [world.connections(), world.asked().length];
  await using inner = await network('--internal');
  const route =
    'ip route replace default via $(ip -4 -o addr show eth0 | sed "s/.*inet \\([0-9.]*\\)\\.[0-9]*\\/.*/\\1.1/")';
  const script = `${route}; ${hear(worldAddress, 2)}; timeout 2 nslookup -type=a inner.test 192.0.2.53`;
  const { stdout } = await inContainer(script, ['--network', inner.name, '--cap-add', 'NET_ADMIN']);
  expect(stdout).not.toContain('hello');
  expect([world.connections(), world.asked().length]).toEqual(before);
  // With the same route, where there is a way.
  await using outer = await network();
  const control = await inContainer(script, ['--network', outer.name, '--cap-add', 'NET_ADMIN']);
  expect(control.stdout).toContain('hello');
});

test('who asks is known, whatever address a container gives itself or its network is given', async () => {
  await using other = await network();
  const subnet = await engine.docker.ok([
    'network',
    'inspect',
    '-f',
    '{{(index .IPAM.Config 0).Subnet}}',
    other.name,
  ]);
  const forged = [subnet.replace(/\d+\/.*$/, '77'), '203.0.113.254'];
  for (const address of forged) {
    const name = `forged${forged.indexOf(address)}`;
    const script = [
      `ip addr add ${address}/32 dev eth0`,
      `ip route replace default via $(ip route | sed -n 's/default via \\([0-9.]*\\).*/\\1/p') src ${address}`,
      `timeout 2 nslookup -type=a ${name}.test 192.0.2.53`,
    ].join('; ');
    await inContainer(script, ['--cap-add', 'NET_ADMIN']);
    expect(world.asked()).not.toContain(name);
  }
  // A name server that hears of what is not forged hears of that.
  const honest =
    'ip route replace default via $(ip route | sed -n "s/default via \\([0-9.]*\\).*/\\1/p"); nslookup -type=a honest.test 192.0.2.53';
  await inContainer(honest, ['--cap-add', 'NET_ADMIN']);
  expect(world.asked()).toContain('honest');
  await using masked = await network('-o', 'com.docker.network.host_ipv4=203.0.113.254');
  const own = (
    await inContainer('ip -4 -o addr show eth0; nc -w 5 169.254.169.254 81', ['--network', masked.name])
  ).stdout;
  const address = /inet ([\d.]+)/.exec(own)?.[1] ?? 'none';
  await eventually(async () => expect(said.join('\n')).toMatch(`${address}:`), 10_000);
  expect(said.find((line) => line.includes('169.254.169.254:81'))).toMatch(
    new RegExp(`^${address}:\\d+ to `),
  );
});

test('no network has a part of the link to the gateway', async () => {
  const { status, stderr } = await engine.docker.run([
    'network',
    'create',
    '--subnet',
    '203.0.113.0/24',
    unique('egress'),
  ]);
  expect([status, stderr]).toEqual([1, expect.stringContaining('the subnet 203.0.113.0/24')]);
});

describe('the gateway', () => {
  /** A container that says `on` for each line its connection gives back, and `over` when that has ended. */
  async function connected(): Promise<{ readonly container: string; readonly log: () => Promise<string> }> {
    const echo = `(while sleep 0.2; do echo on; done) | nc ${worldAddress} ${world.port}; echo over`;
    const container = await engine.docker.ok(['run', '-d', probe, 'sh', '-c', echo]);
    const log = async (): Promise<string> => (await engine.docker.run(['logs', container])).stdout;
    await eventually(async () => expect(await log()).toContain('\non'), 20_000);
    return { container, log };
  }
  const gateway = (): number => gatewayOf(engine);

  test('that is killed lets nothing out, and the next one goes on', async () => {
    const { container, log } = await connected();
    const killed = gateway();
    process.kill(killed, 'SIGKILL');
    await eventually(async () => expect(await log()).toContain('over'), 20_000);
    await eventually(async () => expect((await inContainer(hear())).stdout).toBe(greeting), 30_000);
    expect(gateway()).not.toBe(killed);
    await engine.docker.ok(['rm', '-f', container]);
  });

  test('that hangs lets nothing new out, ends what there is, and goes on when it does', async () => {
    const { container, log } = await connected();
    const hung = gateway();
    const before = world.connections();
    process.kill(hung, 'SIGSTOP');
    try {
      const { stdout } = await inContainer(hear());
      expect(stdout).toBe('');
      await eventually(async () => expect(await log()).toContain('over'), 30_000);
      expect(world.connections()).toBe(before);
    } finally {
      process.kill(hung, 'SIGCONT');
    }
    await eventually(async () => expect((await inContainer(hear())).stdout).toBe(greeting), 30_000);
    expect(gateway()).toBe(hung);
    await engine.docker.ok(['rm', '-f', container]);
  });

  test('finds the relay again when that was killed, which has no rights and no share in the engine', async () => {
    const relay = await relayOf(engine.dockerHost);
    const status = await readFile(`/proc/${relay}/status`, 'utf8');
    expect(status).toMatch(/^CapEff:\t0{16}$/m);
    expect(status).toMatch(/^Uid:\t60953\t60953\t60953\t60953$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
    const { stdout } = await execa('/usr/bin/readlink', [`/proc/${relay}/ns/pid`, '/proc/self/ns/pid']);
    expect(new Set(stdout.split('\n')).size).toBe(1);
    process.kill(relay, 'SIGKILL');
    await eventually(async () => expect((await inContainer(hear())).stdout).toBe(greeting), 30_000);
    expect(await relayOf(engine.dockerHost)).not.toBe(relay);
  });
});

function gatewayOf({ gateway }: OwnEngine): number {
  if (gateway?.pid === undefined) throw new Error('no gateway runs');
  return gateway.pid;
}

test('what was started for it ends with it', async () => {
  const own = await startOwnEngine('egress-end', { egress: { nameServers: [world.nameServer] } });
  const relay = await relayOf(own.dockerHost);
  const gateway = gatewayOf(own);
  await own.stop();
  for (const pid of [relay, gateway])
    await eventually(
      async () => expect(await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'gone')).toBe('gone'),
      10_000,
    );
});

test('`bulkhead engine --egress` says what its gateway refuses, which goes by the settings of the user: dnsInhibition', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-egress-said-'));
  await mkdir(join(dir, 'r'), { mode: 0o700 });
  await mkdir(join(dir, 'c/bulkhead'), { recursive: true });
  await writeFile(join(dir, 'c/bulkhead/settings.json'), JSON.stringify({ dnsInhibition: 'ipv4' }));
  const env = {
    XDG_STATE_HOME: join(dir, 's'),
    XDG_RUNTIME_DIR: join(dir, 'r'),
    XDG_CONFIG_HOME: join(dir, 'c'),
  };
  const args = ['engine', '--egress', '--name', `egress-said-${process.pid}`, '--root', inject('testedRoot')];
  const started = execa(process.execPath, [commandLine, ...args], { reject: false, env });
  let errors = '';
  started.stderr.on('data', (text) => {
    errors += String(text);
  });
  try {
    const host = await new Promise<string>((resolve, reject) => {
      started.stdout.once('data', (text) => resolve(/unix:\/\/[^\s'"]+/.exec(String(text))?.[0] ?? 'none'));
      void started.then(({ stderr }) => reject(new Error(stderr)));
    });
    await inContainer('nc -w 5 169.254.169.254 81', [], createDocker(host));
    await eventually(async () => expect(errors).toMatch(/^egress: .* to 169\.254\.169\.254:81: /m), 10_000);
    // This machine's name server would say of a name that is nobody's (RFC 6761) that there is none: it has not been asked.
    const asked = await inContainer('nslookup -type=a some.invalid 2>&1', [], createDocker(host));
    expect([asked.status, asked.stdout]).toEqual([0, expect.stringMatching(/Non-authoritative answer:\s*$/)]);
    expect(errors).not.toContain('dnsInhibition');
  } finally {
    started.kill('SIGTERM');
    await started;
    await rm(dir, { recursive: true, force: true });
  }
}, 120_000);
