import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  built,
  fillRegistries,
  imageAccess,
  noImageRules,
  registryAccess,
  registryRows,
  registryServers,
} from '../acceptance/egress-registries.ts';
import { ownPorts } from '../../src/common/own-ports.ts';
import { writtenAudit } from '../support/audit.ts';
import { isHeardAt, isHeardAtLoopback } from '../support/covering-network.ts';
import { probe, unique } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { startWorld, type World, worldAddress } from '../support/host-world.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';
import { type PolicyEngine, startPolicyEngine } from '../support/policy-engine.ts';
import { type SpeakOrder, type Spoken, speakIn } from '../support/speak-in.ts';
import { startWorldRegistries, type WorldRegistries } from '../support/world-registries.ts';

/** What dockerd and BuildKit ask registries for ends at the gateway: by the rules of one of these engines, and by none in the other, whose requests are read as well. */
let world: World;
let registries: WorldRegistries;
let engine: PolicyEngine;
let free: PolicyEngine;
let unread: OwnEngine;
const undo = new AsyncDisposableStack();

beforeAll(async () => {
  world = undo.use(await startWorld());
  registries = undo.use(await startWorldRegistries(worldAddress, registryServers));
  const { certificates } = registries;
  const start = async (name: string, bulkhead: object): Promise<PolicyEngine> =>
    undo.use(await startPolicyEngine(name, world, { bulkhead }, { certificates }));
  const rules = [...registryAccess.rules, { host: 'localhost', port: openedPort }];
  // Nobody is there.
  const audit = { openTelemetry: { endpoint: `http://collector.test:${collectorPort}/v1/logs` } };
  engine = await start('registries', { registryAccess: { rules }, imageAccess, audit });
  free = await start('registries-free', { imageAccess: noImageRules });
  const egress = { nameServers: [world.nameServer], onLine: () => undefined };
  unread = undo.use(await startOwnEngine('registries-unread', { egress }));
  await fillRegistries(engine, registries);
  await makeVersions(free);
});
afterAll(() => undo[Symbol.asyncDispose]());

const collectorPort = 4318;
/** Of the engine's own loopback. */
const openedPort = 25_000;

/** Of files that nobody else has: what is known of them the engine with the rules knows of its own builds alone. */
async function makeVersions({ docker }: PolicyEngine): Promise<void> {
  for (const tag of ['v1', 'w1']) {
    const image = `registry.test/versions/tool:${tag}`;
    await docker.ok(['build', '-q', '-t', image, '-'], {
      input: `FROM ${probe}\nRUN echo ${tag} > /version\n`,
    });
    await docker.ok(['push', '-q', image]);
  }
}

registryRows(() => ({
  engine,
  free: [free],
  registries,
  said: () => engine.said,
  audit: () => writtenAudit(engine.internals),
  gatewayPid: () => Promise.resolve(engine.gateway?.pid),
}));

test('what a build has pulled is known by its tag, for the steps of that build and for containers of what it made', async () => {
  const step = 'RUN echo built';
  const image = await built(engine, 'registry.test/versions/tool:v1', step);
  expect([image.status, image.stderr]).toEqual([0, '']);
  const made = image.stdout.trim();
  expect(await engine.docker.ok(['run', '--rm', made, 'cat', '/version'])).toBe('v1');
  const { status, stderr } = await built(engine, 'registry.test/versions/tool:w1', step);
  expect([status === 0, stderr]).toEqual([
    false,
    expect.stringContaining('other versions of it are allowed'),
  ]);
  await engine.internals.replace('bulkheadd');
  await eventually(() => engine.docker.ok(['version']), 60_000);
  expect(await engine.docker.ok(['run', '--rm', made, 'cat', '/version'])).toBe('v1');
});

test.each(['container', 'bridge'] as const)(
  'asks no %s that was given the address of a registry',
  async (standing) => {
    const image = 'registry.test/acme/tool:v1';
    const heard = async ({ docker }: OwnEngine): Promise<boolean> =>
      isHeardAt({ docker, address: worldAddress, standing }, async () => docker.run(['pull', image]));
    expect(await heard(engine)).toBe(false);
    // Whose requests nobody reads.
    expect(await heard(unread)).toBe(true);
    // It is itself again.
    await engine.docker.ok(['pull', '-q', image]);
  },
);

test('asks nobody on its own loopback but who is listed there, by whatever name', async () => {
  const closedPort = openedPort + 1;
  const heard = async (each: PolicyEngine, host: string, port: number, words: RegExp): Promise<boolean> =>
    isHeardAtLoopback(each.docker, port, async () => {
      const { status, stderr } = await built(each, `${host}:${port}/acme/tool:v1`);
      expect([status === 0, stderr]).toEqual([false, expect.stringMatching(words)]);
    });
  const refused =
    /Access to (localhost|127\.0\.0\.2):25001 has been restricted by your administrators.*rule registry-access.*Setting: bulkhead\.registryAccess.*it@example\.com/;
  const hadNoAnswer = /EOF|reset/i;
  for (const host of ['localhost', '127.0.0.2'])
    expect([host, await heard(engine, host, closedPort, refused)]).toEqual([host, false]);
  expect(await heard(engine, 'localhost', openedPort, hadNoAnswer)).toBe(true);
  expect(await heard(free, 'localhost', closedPort, hadNoAnswer)).toBe(true);
  await eventually(
    async () =>
      expect(await writtenAudit(engine.internals)).toContainEqual(
        expect.objectContaining({
          outcome: 'refused',
          who: { kind: 'engine' },
          destination: `localhost:${closedPort}`,
          code: 'BH_REGISTRY_ACCESS',
        }),
      ),
    20_000,
  );
});

test('leads from its own loopback to containers, as their published ports do, whoever is no dockerd', async () => {
  const name = unique('published');
  const serve = 'while :; do nc -l -p 80 -e echo here; done';
  await engine.docker.ok(['run', '-d', '--name', name, '-p', '127.0.0.1::80', probe, 'sh', '-c', serve]);
  const [, port = ''] = /:(\d+)$/m.exec(await engine.docker.ok(['port', name, '80'])) ?? [];
  await eventually(async () => {
    // As bulkheadd connects.
    const order = { host: '127.0.0.1', port: Number(port), localPort: ownPorts.first, say: '' };
    const { said } = await speakIn(engine.internals.init, order);
    expect(said).toBe('here\n');
  }, 30_000);
  await engine.docker.ok(['rm', '-f', name]);
});

/** From the engine's own address, as dockerd speaks. */
async function inEngineName(
  order: Omit<SpeakOrder, 'host' | 'port'> & { readonly port?: number },
): Promise<Spoken> {
  return speakIn(engine.internals.init, { host: worldAddress, port: world.port, ...order });
}

test('ends whatever begins with TLS or HTTP in the engine’s name, at every port, and nothing of a container', async () => {
  const before = world.connections();
  const head = (target: string, host: string): string =>
    `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  const serverName = 'registry.test';
  const greeted = await inEngineName({ serverName, say: head('/v2/', 'blocked.test') });
  expect(greeted.subject).toBe('DNS:registry.test');
  expect(greeted.said).toMatch(/^HTTP\/1\.1 403 .*rule registry-requests/s);
  const absolute = head('http://registry.test/v2/', 'blocked.test');
  expect((await inEngineName({ say: absolute })).said).toMatch(/^HTTP\/1\.1 403 .*rule registry-/s);
  expect(world.connections()).toBe(before);
  const script = `(printf 'GET / HTTP/1.1\\r\\nHost: web.test\\r\\n\\r\\n'; sleep 1) | nc -w 10 ${worldAddress} ${world.port} | grep -c web.test`;
  expect(await engine.inContainer(script)).toBe('1');
});

test('passes unread to the collector of the audit log what bulkheadd sends there, and nothing of dockerd’s', async () => {
  await eventually(async () => {
    const events = (await writtenAudit(engine.internals)).flatMap((event) =>
      event.kind === 'connection' && event.who.kind === 'engine' ? [event] : [],
    );
    const sent = events.find(({ destination }) => destination.endsWith(`:${collectorPort}`));
    expect(sent).toMatchObject({ outcome: 'allowed', reached: false });
  }, 60_000);
  const say = 'GET /v2/ HTTP/1.1\r\nHost: collector.test:4318\r\nConnection: close\r\n\r\n';
  expect((await inEngineName({ port: collectorPort, say })).said).toMatch(
    /^HTTP\/1\.1 403 .*collector\.test/s,
  );
  expect(await inEngineName({ port: collectorPort, localPort: ownPorts.last, say })).toEqual({ said: '' });
});

test('leads no container on by a proxy outside that speaks SOCKS', async () => {
  const script = `(printf '\\5\\1\\0'; sleep 2) | nc -w 5 ${worldAddress} ${world.port} | head -c 5`;
  expect(await engine.inContainer(script)).toBe('');
  await engine.lastSaid(
    /somebody else \(SOCKS 5\), as one asks a proxy.*rule outside-proxies.*it@example\.com/,
  );
  expect(await unread.docker.ok(['run', '--rm', probe, 'sh', '-c', script])).toBe('hello');
});

test('lets nothing pass in the engine’s name that it could not read', async () => {
  expect(await inEngineName({ say: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' })).toEqual({ said: '' });
  await engine.lastSaid(/HTTP\/2 without TLS/);
  expect((await inEngineName({ say: 'other\n', until: 'other' })).said).toMatch(/^hello .*other/s);
});

test('the authority that speaks for registries is believed by dockerd and containerd alone, and nothing else has its certificate', async () => {
  const { internals, docker, inContainer } = engine;
  const file = '/run/bulkhead/etc/engine-authority.pem';
  const [, line = ''] = (await readFile(internals.path(file), 'utf8')).split('\n');
  expect(line).toMatch(/^[\w+/]{64}$/);
  const believes = async (service: 'containerd' | 'dockerd' | 'bulkheadd'): Promise<readonly string[]> => {
    const pid = await internals.pidOf(service);
    const [words, variables] = await Promise.all(
      ['cmdline', 'environ'].map((each) => readFile(`/proc/${pid}/${each}`, 'utf8')),
    );
    // What Go and Node take authorities from.
    return `${words}\0${variables}`
      .split('\0')
      .filter((each) => /^(SSL_CERT_|NODE_|--use-(system|openssl)-ca)|engine-authority/.test(each));
  };
  for (const service of ['containerd', 'dockerd'] as const)
    expect(await believes(service)).toEqual([`SSL_CERT_FILE=${file}`]);
  expect(await believes('bulkheadd')).toEqual([]);
  const image = await readFile(internals.path('/etc/ssl/certs/ca-certificates.crt'), 'utf8');
  expect([image.includes('BEGIN CERTIFICATE'), image.includes(line)]).toEqual([true, false]);

  const find = `env | grep SSL_CERT; for each in /*; do case $each in /proc|/sys|/dev) ;; *) grep -rlF '${line}' $each;; esac; done`;
  const plant = `echo '${line}' > /planted`;
  for (const flags of [[], ['--privileged']]) {
    expect(await inContainer(`${find}; echo looked`, flags)).toBe('looked');
    expect(await inContainer(`${plant}; ${find}`, flags)).toBe('/planted');
  }
  const step = async (...before: readonly string[]): Promise<number> => {
    const lines = [...before, `test -z "$(${find})"`].map((each) => `RUN ${each}\n`);
    const input = `FROM ${probe}\n${lines.join('')}`;
    return (await docker.run(['build', '-q', '--no-cache', '-'], { input })).status;
  };
  expect(await step()).toBe(0);
  expect(await step(plant)).not.toBe(0);
});
