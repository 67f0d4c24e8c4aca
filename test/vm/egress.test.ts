import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { type AuditEvent, auditEventSchema } from '../../src/common/audit-event.ts';
import { egressPolicy, egressRows, inhibited, scriptsOf } from '../acceptance/egress.ts';
import { hostRows } from '../acceptance/egress-host.ts';
import {
  fillRegistries,
  imageAccess,
  registryAccess,
  registryRows,
  registryServers,
} from '../acceptance/egress-registries.ts';
import { createDocker, type Docker, probe, unique } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { startWorld, type World, worldAddress } from '../support/host-world.ts';
import { type Instance, instanceAt } from '../support/instance.ts';
import {
  loopbackPolicy,
  type LoopbackServices,
  startLoopbackServices,
} from '../support/loopback-services.ts';
import { makeEtc } from '../support/own-etc.ts';
import { askTcp } from '../support/port-client.ts';
import { portImage } from '../support/port-image.ts';
import { startWorldRegistries, type WorldRegistries } from '../support/world-registries.ts';

/**
 * A VM whose policy says what may get out of it, and what its engine may ask registries for, so that QEMU lets nothing out and the gateway on this machine decides. With the rules off the same is tried
 * without a VM.
 */
const bulkheadOf = ({ hostLoopback, rule }: ReturnType<typeof loopbackPolicy>) => ({
  contact: 'it@example.com',
  imageAccess,
  hostLoopback,
  // A Dockerfile adds something from there.
  registryAccess: { rules: [...registryAccess.rules, { host: 'open.test', port: '*' }] },
  networkAccess: {
    ...egressPolicy.networkAccess,
    rules: [
      ...egressPolicy.networkAccess.rules,
      { to: Object.keys(registryServers), addresses: ['198.18.0.0/15'], action: 'allow' },
      rule,
    ],
  },
});
let dir = '';
let world: World;
let registries: WorldRegistries;
let services: LoopbackServices;
let web: Server;
let webPort = 0;
let vm: Instance;
let docker: Docker;

const inContainer = async (script: string, flags: readonly string[] = []): Promise<string> =>
  (await docker.run(['run', '--rm', ...flags, probe, 'timeout', '60', 'sh', '-c', script])).stdout;

beforeAll(async () => {
  world = await startWorld(53);
  registries = await startWorldRegistries(worldAddress, registryServers);
  services = await startLoopbackServices();
  web = createServer((request, response) => void response.end(`web ${request.headers.host}\n`));
  web.listen(0, worldAddress);
  await once(web, 'listening');
  const address = web.address();
  webPort = typeof address === 'object' ? (address?.port ?? 0) : 0;
  dir = await mkdtemp(join(tmpdir(), 'bh-out-'));
  await mkdir(join(dir, 'run'), { mode: 0o700 });
  const policy = join(dir, 'admin-settings.json');
  const bulkhead = bulkheadOf(loopbackPolicy(services));
  const dnsInhibition = { locked: true, value: inhibited };
  await writeFile(policy, JSON.stringify({ configurationFileVersion: 2, dnsInhibition, bulkhead }));
  const etc = await makeEtc(join(dir, 'etc'), {
    nameServer: worldAddress,
    certificates: registries.certificates,
  });
  vm = instanceAt({ name: 'out', dir, image: inject('instance').image, policy, etc });
  docker = createDocker(vm.dockerHost);
  await vm.up(480);
  await fillRegistries({ docker, inContainer }, registries);
}, 600_000);
afterAll(async () => {
  await vm.run('down');
  await rm(dir, { recursive: true });
  web.closeAllConnections();
  web.close();
  await services[Symbol.asyncDispose]();
  await registries[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

async function gatewayPid(): Promise<number | undefined> {
  for (const pid of await vm.processes()) {
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (words.includes('egress/gateway/main.js')) return pid;
  }
  return undefined;
}

const refusalSchema = z.looseObject({ line: z.string() });

/** What the gateway said is in the controller's log. */
function said(): readonly string[] {
  const log = readFileSync(join(dir, 'state', 'bulkhead', 'out', 'controller.log'), 'utf8');
  return log
    .split('\n')
    .filter((line) => line.includes('"msg":"egress"'))
    .map((line) => refusalSchema.parse(JSON.parse(line)).line);
}

async function audit(): Promise<readonly AuditEvent[]> {
  const { stdout } = await vm.run('audit', '--json');
  return stdout.split('\n').map((line) => auditEventSchema.parse(JSON.parse(line)));
}

egressRows(() => ({
  engine: { docker, inContainer },
  free: [],
  world,
  webPort,
  said,
  audit,
  gatewayPid,
  rounds: 1,
  soon: 25,
}));

hostRows(() => ({
  engine: { docker, inContainer },
  free: [],
  services,
  others: async () => {
    const { network } = await vm.status();
    const own = [1, 2, 4].map((last) => network?.replace(/\d+\/24$/, String(last)) ?? '');
    return [...own, '203.0.113.251', '203.0.113.253', worldAddress];
  },
  said,
  audit,
  soon: 30,
}));

registryRows(() => ({
  engine: { docker, inContainer },
  free: [],
  registries,
  said,
  audit,
  gatewayPid,
}));

test('nothing else is a way out: not the card, whose network has nobody any more, nor IPv6', async () => {
  const { network } = await vm.status();
  const own = (last: number): string => network?.replace(/\d+\/24$/, String(last)) ?? '';
  const tried = [own(1), own(2), own(4), `[${worldAddress}]`, '::ffff:192.0.2.1'];
  const script = tried.map((address) => `echo x | nc -w 9 ${address} 53 | grep .`).join('; ');
  expect(
    await inContainer(`begun=$(date +%s); ${script}; [ $(($(date +%s) - begun)) -lt 9 ] && echo soon`),
  ).toBe('soon');
});

test('ports of TCP are published as before, and of UDP they are refused with the reason', async () => {
  const image = await portImage(docker);
  const name = unique('published');
  await docker.ok(['run', '-d', '--name', name, '-p', '80', image]);
  const [, port = ''] = /:(\d+)$/m.exec(await docker.ok(['port', name, '80/tcp'])) ?? [];
  for (const address of ['127.0.0.1', worldAddress])
    expect(await askTcp(address, Number(port), 'by TCP')).toBe('by TCP');
  const udp = await docker.run(['run', '--rm', '-p', '53/udp', probe, 'true']);
  expect([udp.status, udp.stderr]).toEqual([
    125,
    expect.stringMatching(/ports of UDP are not published .*bulkhead\.networkAccess.*Ask it@example\.com\./),
  ]);
  await docker.ok(['rm', '-f', name]);
});

test('while the gateway hangs nothing gets out, and when it goes on, it does', async () => {
  const { hear } = scriptsOf({ world, webPort });
  const pid = (await gatewayPid()) ?? 0;
  const before = world.connections();
  process.kill(pid, 'SIGSTOP');
  try {
    expect(await inContainer(hear('open.test'))).toBe('');
    expect(world.connections()).toBe(before);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await eventually(async () => expect(await inContainer(hear('open.test'))).toContain('hello'), 60_000);
});
