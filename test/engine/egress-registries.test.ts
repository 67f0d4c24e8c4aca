import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditEvent } from '../../src/common/audit-event.ts';
import { writtenAudit } from '../support/audit.ts';
import { type Outcome, probe } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { startWorld, type World, worldAddress } from '../support/host-world.ts';
import { type PolicyEngine, startPolicyEngine } from '../support/policy-engine.ts';
import { type SpeakOrder, type Spoken, speakIn } from '../support/speak-in.ts';
import { startWorldRegistries, type WorldRegistries } from '../support/world-registries.ts';

/** What dockerd and BuildKit ask registries for ends at the gateway: by the rules of one of these engines, and by none in the other, whose requests are read as well. */
const registryAccess = {
  rules: [
    { host: 'registry.test', push: true },
    { host: 'secured.test', alsoHosts: [{ host: 'auth.test', role: 'token' }] },
    { host: 'untold.test' },
    { host: 'moved.test', alsoHosts: [{ host: 'store.test', role: 'blobs' }] },
    { host: 'astray.test' },
  ],
};
const imageAccess = {
  default: 'allow',
  rules: [
    {
      repository: 'registry.test/pinned/*',
      action: 'allow',
      digests: [`sha256:${'0'.repeat(64)}`],
    },
    { repository: 'registry.test/versions/*', action: 'allow', tags: ['v*'] },
  ],
};
const servers = {
  'registry.test': { kind: 'registry' },
  'blocked.test': { kind: 'registry' },
  'secured.test': { kind: 'secured', by: 'auth.test' },
  'untold.test': { kind: 'secured', by: 'other-auth.test' },
  'auth.test': { kind: 'tokens' },
  'other-auth.test': { kind: 'tokens' },
  'moved.test': { kind: 'moved', to: 'store.test' },
  'store.test': { kind: 'registry' },
  'astray.test': { kind: 'moved', to: 'elsewhere.test' },
  'elsewhere.test': { kind: 'registry' },
  'web.test': { kind: 'web' },
} as const;

let world: World;
let registries: WorldRegistries;
let engine: PolicyEngine;
let free: PolicyEngine;
const undo = new AsyncDisposableStack();

beforeAll(async () => {
  world = undo.use(await startWorld());
  registries = undo.use(await startWorldRegistries(worldAddress, servers));
  const { certificates } = registries;
  const egress = { certificates };
  engine = undo.use(
    await startPolicyEngine('registries', world, { bulkhead: { registryAccess, imageAccess } }, egress),
  );
  free = undo.use(
    await startPolicyEngine(
      'registries-free',
      world,
      { bulkhead: { imageAccess: { default: 'allow' } } },
      egress,
    ),
  );
  await push(engine, 'registry.test/acme/tool:v1');
  await push(free, 'registry.test/pinned/tool:v1');
  await makeVersions(free);
});
afterAll(() => undo[Symbol.asyncDispose]());

async function push({ docker }: PolicyEngine, image: string): Promise<void> {
  await docker.ok(['tag', probe, image]);
  await docker.ok(['push', '-q', image]);
  await docker.ok(['rmi', image]);
}

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

/** A build asks by itself: nothing but the gateway sees it. */
async function built({ docker }: PolicyEngine, from: string): Promise<Outcome> {
  const input = `FROM ${from}\nRUN echo built\n`;
  return docker.run(['build', '--pull', '--no-cache', '-q', '-'], { input });
}

/** From the engine's own address, as dockerd speaks. */
async function inEngineName(order: Omit<SpeakOrder, 'host' | 'port'>): Promise<Spoken> {
  return speakIn(engine.internals.init, { host: worldAddress, port: world.port, ...order });
}

const restricted = (host: string): RegExp =>
  new RegExp(
    `Access to ${host.replaceAll('.', '\\.')} has been restricted by your administrators: .* is refused by rule registry-access, because .*Setting: bulkhead\\.registryAccess\\..*it@example\\.com`,
  );

describe('bulkhead.registryAccess, of the engine’s own requests', () => {
  test('an image is pulled from a registry that is listed, and built upon', async () => {
    const image = 'registry.test/acme/tool:v1';
    await engine.docker.ok(['pull', '-q', image]);
    expect(await engine.docker.ok(['run', '--rm', image, 'echo', 'pulled'])).toBe('pulled');
    const { status, stderr } = await built(engine, image);
    expect([status, stderr]).toEqual([0, '']);
  });

  test('H01: one that is not listed is refused to whoever builds upon it, and whom to ask is told', async () => {
    registries.asked.splice(0);
    const { status, stderr } = await built(engine, 'blocked.test/acme/tool:v1');
    expect([status === 0, stderr]).toEqual([false, expect.stringMatching(restricted('blocked.test'))]);
    expect(registries.asked).toEqual([]);
    expect((await built(free, 'blocked.test/acme/tool:v1')).status).toBe(0);
  });

  test('a token is asked for where the rules say, and nowhere else', async () => {
    await engine.docker.ok(['pull', '-q', 'secured.test/acme/tool:v1']);
    const { status, stderr } = await engine.docker.run(['pull', 'untold.test/acme/tool:v1']);
    expect([status === 0, stderr]).toEqual([false, expect.stringMatching(restricted('other-auth.test'))]);
    expect(stderr).toContain('untold.test leads there');
    await free.docker.ok(['pull', '-q', 'untold.test/acme/tool:v1']);
  });

  test('H02: a blob is fetched from where the registry sends for it, if that is listed for it', async () => {
    const builds = async (from: string): Promise<Outcome> => built(engine, `${from}/acme/tool:v1`);
    await engine.docker.run(['builder', 'prune', '-a', '-f']);
    await engine.docker.run(['rmi', 'registry.test/acme/tool:v1', 'secured.test/acme/tool:v1']);
    const { status, stderr } = await builds('astray.test');
    expect([status === 0, stderr]).toEqual([false, expect.stringMatching(restricted('elsewhere.test'))]);
    expect(stderr).toContain('astray.test leads there');
    expect((await builds('moved.test')).status).toBe(0);
    expect(registries.asked.some((each) => each.startsWith('store.test GET'))).toBe(true);
    expect((await built(free, 'astray.test/acme/tool:v1')).status).toBe(0);
  });

  test('contents that a rule does not name are not passed on', async () => {
    const { status, stderr } = await built(engine, 'registry.test/pinned/tool:v1');
    expect([status === 0, stderr]).toEqual([false, expect.stringContaining('rule image-access')]);
    expect((await built(free, 'registry.test/pinned/tool:v1')).status).toBe(0);
  });

  test('what a build has pulled is known by its tag, for the steps of that build and for containers of what it made', async () => {
    const image = await built(engine, 'registry.test/versions/tool:v1');
    expect([image.status, image.stderr]).toEqual([0, '']);
    const made = image.stdout.trim();
    expect(await engine.docker.ok(['run', '--rm', made, 'cat', '/version'])).toBe('v1');
    const { status, stderr } = await built(engine, 'registry.test/versions/tool:w1');
    expect([status === 0, stderr]).toEqual([
      false,
      expect.stringContaining('other versions of it are allowed'),
    ]);
    await engine.internals.replace('bulkheadd');
    await eventually(() => engine.docker.ok(['version']), 60_000);
    expect(await engine.docker.ok(['run', '--rm', made, 'cat', '/version'])).toBe('v1');
  });

  test('H08: nothing is pushed where the rules allow to pull', async () => {
    const image = 'moved.test/acme/tool:v2';
    await engine.docker.ok(['tag', probe, image]);
    const { status, stderr } = await engine.docker.run(['push', image]);
    expect([status === 0, stderr]).toEqual([false, expect.stringMatching(restricted('moved.test'))]);
    await push(free, image);
  });

  test('H03: a Dockerfile adds nothing from a server that is not listed', async () => {
    const add = async ({ docker }: PolicyEngine): Promise<Outcome> =>
      docker.run(['build', '-q', '--no-cache', '-'], {
        input: `FROM ${probe}\nADD http://web.test/file /added\n`,
      });
    const { status, stderr } = await add(engine);
    // BuildKit shows nothing else of it.
    expect([status === 0, stderr]).toEqual([false, expect.stringContaining('403')]);
    expect(engine.said.at(-1)).toMatch(restricted('web.test:80'));
    expect((await add(free)).status).toBe(0);
  });

  test('each request is in the audit log, allowed and refused', async () => {
    const ofEngine = (event: AuditEvent): boolean =>
      event.kind === 'connection' && event.who.kind === 'engine';
    await eventually(async () => {
      const events = (await writtenAudit(engine.internals)).filter(ofEngine);
      expect(events).toContainEqual(
        expect.objectContaining({ outcome: 'allowed', destination: 'registry.test/acme/tool' }),
      );
      expect(events).toContainEqual(
        expect.objectContaining({
          outcome: 'refused',
          destination: 'blocked.test',
          code: 'BH_REGISTRY_ACCESS',
          rule: 'registry-access',
          setting: 'bulkhead.registryAccess',
        }),
      );
    }, 20_000);
  });

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

  test('lets nothing pass in the engine’s name that it could not read', async () => {
    expect(await inEngineName({ say: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' })).toEqual({ said: '' });
    expect(engine.said.at(-1)).toContain('HTTP/2 without TLS');
    expect((await inEngineName({ say: 'other\n', until: 'other' })).said).toMatch(/^hello .*other/s);
  });

  test('goes on when the gateway was killed, by the same certificates', async () => {
    const killed = engine.gateway?.pid ?? 0;
    process.kill(killed, 'SIGKILL');
    await eventually(() => engine.docker.ok(['pull', '-q', 'registry.test/acme/tool:v1']), 40_000);
    expect(engine.gateway?.pid).not.toBe(killed);
    expect((await built(engine, 'blocked.test/acme/tool:v1')).stderr).toMatch(restricted('blocked.test'));
  });
});
