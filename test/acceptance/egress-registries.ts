import { describe, expect, test } from 'vitest';
import type { AuditEvent } from '../../src/common/audit-event.ts';
import { type Docker, type Outcome, probe } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { worldAddress } from '../support/host-world.ts';
import type { WorldRegistries } from '../support/world-registries.ts';
import type { EgressEngine, EgressSide } from './egress.ts';

export type RegistrySide = Pick<EgressSide, 'engine' | 'free' | 'said' | 'audit' | 'gatewayPid'> & {
  /** Of `registryServers`, filled. */
  readonly registries: WorldRegistries;
};

export const registryAccess = {
  rules: [
    { host: 'docker.io' },
    { host: 'registry.test', push: true },
    { host: 'secured.test', alsoHosts: [{ host: 'auth.test', role: 'token' }] },
    { host: 'untold.test' },
    { host: 'moved.test', alsoHosts: [{ host: 'store.test', role: 'blobs' }] },
    { host: 'astray.test' },
  ],
};
export const imageAccess = {
  default: 'allow',
  load: 'allow',
  hub: { official: true, repositories: ['someuser/tool'] },
  rules: [
    { repository: 'registry.test/pinned/*', action: 'allow', digests: [`sha256:${'0'.repeat(64)}`] },
    { repository: 'registry.test/versions/*', action: 'allow', tags: ['v*'] },
    { repository: 'registry.test/closed/**', action: 'deny' },
    { repository: 'registry.test/closed/open', action: 'allow' },
    { repository: 'source.test/**', action: 'deny' },
    { repository: 'source.test/fine/*', action: 'allow' },
  ],
  mirrors: [{ source: 'source.test', mirror: 'registry.test/mirror' }],
};
/** With the rules off requests are read as well: so registries have certificates the engine believes. Nothing is refused, so containers are not held either. */
export const noImageRules = { default: 'allow', load: 'allow', hub: { official: true, community: true } };

export const registryServers = {
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
  'source.test': { kind: 'registry' },
  // Tokens for builds are fetched by the client.
  'registry-1.docker.io': { kind: 'registry' },
  'web.test': { kind: 'web' },
} as const;

const tool = 'acme/tool:v1';
const copies = [
  'pinned/tool:v1',
  'library/nginx',
  'someuser/x',
  'someuser/tool',
  'closed/x',
  'closed/open',
  'mirror/acme/x',
  'mirror/fine/x',
];

/** Pushes an image, by an engine that may, and gives it all the names the rows are about. */
export async function fillRegistries({ docker }: EgressEngine, registries: WorldRegistries): Promise<void> {
  await push(docker, `registry.test/${tool}`);
  for (const copy of copies) await registries.copy(tool, copy);
}

async function push(docker: Docker, image: string): Promise<void> {
  await docker.ok(['tag', probe, image]);
  await docker.ok(['push', '-q', image]);
  await docker.ok(['rmi', image]);
}

const pulled = async ({ docker }: EgressEngine, image: string): Promise<Outcome> => {
  const outcome = await docker.run(['pull', '-q', image]);
  await docker.run(['rmi', image]);
  return outcome;
};

/** A build asks by itself: nothing but the gateway sees it. */
export const built = async ({ docker }: EgressEngine, from: string, line = 'LABEL a=b'): Promise<Outcome> =>
  docker.run(['build', '--pull', '--no-cache', '-q', '-'], { input: `FROM ${from}\n${line}\n` });

const restricted = (host: string): RegExp =>
  new RegExp(
    `Access to ${host.replaceAll('.', '\\.')} has been restricted by your administrators: .* is refused by rule registry-access, because .*Setting: bulkhead\\.registryAccess\\..*it@example\\.com`,
  );

/** Rows H01 to H04 and H07 to H10 of the acceptance table: what `bulkhead.registryAccess` and `bulkhead.imageAccess` say of the engine's own requests, and of containers'. */
export function registryRows(of: () => RegistrySide): void {
  describe('bulkhead.registryAccess', () => {
    test('an image is pulled from a registry that is listed, and built upon', async () => {
      const { engine } = of();
      const image = `registry.test/${tool}`;
      await engine.docker.ok(['pull', '-q', image]);
      expect(await engine.docker.ok(['run', '--rm', image, 'echo', 'pulled'])).toBe('pulled');
      const { status, stderr } = await built(engine, image, 'RUN echo built');
      expect([status, stderr]).toEqual([0, '']);
    });

    test('H01: one that is not listed is refused to whoever builds upon it, and whom to ask is told', async () => {
      const { engine, free, registries } = of();
      registries.asked.splice(0);
      const { status, stderr } = await built(engine, `blocked.test/${tool}`);
      expect([status === 0, stderr]).toEqual([false, expect.stringMatching(restricted('blocked.test'))]);
      expect(registries.asked).toEqual([]);
      for (const each of free) expect((await built(each, `blocked.test/${tool}`)).status).toBe(0);
    });

    test('H01: nor is whoever answers on the engine’s own loopback asked', async () => {
      const { engine, free } = of();
      for (const host of ['localhost', '[::1]']) {
        const image = `${host}:25001/${tool}`;
        const { status, stderr } = await built(engine, image);
        expect([host, status === 0, stderr]).toEqual([
          host,
          false,
          expect.stringMatching(restricted(`${host}:25001`.replace(/[[\]]/g, '\\$&'))),
        ]);
        for (const each of free) expect((await built(each, image)).stderr).toContain('connection refused');
      }
    });

    test('a token is asked for where the rules say, and nowhere else', async () => {
      const { engine, free } = of();
      await engine.docker.ok(['pull', '-q', `secured.test/${tool}`]);
      const { status, stderr } = await engine.docker.run(['pull', `untold.test/${tool}`]);
      expect([status === 0, stderr]).toEqual([false, expect.stringMatching(restricted('other-auth.test'))]);
      expect(stderr).toContain('untold.test leads there');
      for (const each of free) await each.docker.ok(['pull', '-q', `untold.test/${tool}`]);
    });

    test('H02: a blob is fetched from where the registry sends for it, if that is listed for it', async () => {
      const { engine, free, registries } = of();
      await engine.docker.run(['builder', 'prune', '-a', '-f']);
      await engine.docker.run(['rmi', `registry.test/${tool}`, `secured.test/${tool}`]);
      const { status, stderr } = await built(engine, `astray.test/${tool}`);
      expect([status === 0, stderr]).toEqual([false, expect.stringMatching(restricted('elsewhere.test'))]);
      expect(stderr).toContain('astray.test leads there');
      expect((await built(engine, `moved.test/${tool}`)).status).toBe(0);
      expect(registries.asked.some((each) => each.startsWith('store.test GET'))).toBe(true);
      for (const each of free) expect((await built(each, `astray.test/${tool}`)).status).toBe(0);
    });

    test('H08: nothing is pushed where the rules allow to pull', async () => {
      const { engine, free } = of();
      const image = 'moved.test/acme/tool:v2';
      await engine.docker.ok(['tag', probe, image]);
      const { status, stderr } = await engine.docker.run(['push', image]);
      expect([status === 0, stderr]).toEqual([false, expect.stringMatching(restricted('moved.test'))]);
      for (const { docker } of free) await push(docker, image);
    });

    test('H03: a Dockerfile adds nothing from a server that is not listed', async () => {
      const { engine, free, said } = of();
      const add = async ({ docker }: EgressEngine): Promise<Outcome> =>
        docker.run(['build', '-q', '--no-cache', '-'], {
          input: `FROM ${probe}\nADD http://web.test/file /added\n`,
        });
      const { status, stderr } = await add(engine);
      // BuildKit shows nothing else of it.
      expect([status === 0, stderr]).toEqual([false, expect.stringContaining('403')]);
      expect(said().at(-1)).toMatch(restricted('web.test:80'));
      for (const each of free) expect((await add(each)).status).toBe(0);
    });

    test('H04: no container asks a registry, under whatever name, and a server that is none is asked', async () => {
      const { engine, free, said } = of();
      const ask = (host: string, named: string): string =>
        `wget -q -T 10 -O - --header 'Host: ${named}' http://${host}/v2/ > /dev/null && echo reached || echo not`;
      const script = [
        ask(worldAddress, worldAddress),
        ask(worldAddress, 'blocked.test'),
        ask('web.test', 'web.test'),
        // What is asked of a server that is none leads to a registry: the gateway finds who is meant.
        ask('web.test', 'blocked.test'),
        ask('blocked.test', 'blocked.test'),
      ].join('; ');
      expect((await engine.inContainer(script)).split('\n')).toEqual(['not', 'not', 'reached', 'not', 'not']);
      expect(said().join('\n')).toMatch(
        /Access to blocked\.test has been restricted by your administrators\. The container .*is a registry that is not listed/,
      );
      for (const each of free)
        expect((await each.inContainer(script)).split('\n')).toEqual(Array(5).fill('reached'));
    });

    test('each request of the engine is in the audit log, allowed and refused', async () => {
      const { audit } = of();
      const ofEngine = (event: AuditEvent): boolean =>
        event.kind === 'connection' && event.who.kind === 'engine';
      await eventually(async () => {
        const events = (await audit()).filter(ofEngine);
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
  });

  describe('bulkhead.imageAccess', () => {
    /** Refused to pull and to build upon, by the rule; both done without it. */
    const expectDenied = async (image: string): Promise<void> => {
      const { engine, free } = of();
      for (const way of [pulled, built]) {
        const { status, stderr } = await way(engine, image);
        expect([status === 0, stderr]).toEqual([
          false,
          expect.stringMatching(
            /image access denied: .*rule image-access \(bulkhead\.imageAccess.*it@example\.com/s,
          ),
        ]);
        for (const each of free) expect((await way(each, image)).stderr).toBe('');
      }
    };
    const expectAllowed = async (image: string): Promise<void> => {
      for (const way of [pulled, built]) {
        const { status, stderr } = await way(of().engine, image);
        expect([status, stderr]).toEqual([0, '']);
      }
    };

    test('H07: a mirror is decided as its source, and a source that is not to be reached is not', async () => {
      await expectDenied('registry.test/mirror/acme/x');
      await expectAllowed('registry.test/mirror/fine/x');
      const { engine, free } = of();
      const source = 'source.test/mirror/fine/x';
      expect((await built(engine, source)).stderr).toContain(
        'Access to source.test has been restricted by your administrators',
      );
      for (const each of free) expect((await built(each, source)).stderr).toBe('');
    });

    test('H09: of the Hub official images, and a repository that is named', async () => {
      await expectAllowed('nginx');
      await expectAllowed('someuser/tool');
      await expectDenied('someuser/x');
    });

    test('H10: of another registry likewise', async () => {
      await expectAllowed('registry.test/closed/open');
      await expectDenied('registry.test/closed/x');
    });

    test('contents that a rule does not name are not passed on', async () => {
      const { engine, free } = of();
      const image = 'registry.test/pinned/tool:v1';
      const { status, stderr } = await built(engine, image);
      expect([status === 0, stderr]).toEqual([false, expect.stringContaining('rule image-access')]);
      for (const each of free) expect((await built(each, image)).status).toBe(0);
    });
  });

  test('what the engine asks for goes on when the gateway was killed, by the same certificates', async () => {
    const { engine, gatewayPid } = of();
    const killed = (await gatewayPid()) ?? 0;
    process.kill(killed, 'SIGKILL');
    await eventually(() => engine.docker.ok(['pull', '-q', `registry.test/${tool}`]), 40_000);
    expect(await gatewayPid()).not.toBe(killed);
    expect((await built(engine, `blocked.test/${tool}`)).stderr).toMatch(restricted('blocked.test'));
  });
}
