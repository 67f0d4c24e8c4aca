import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writtenAudit } from '../support/audit.ts';
import { type Outcome, probe } from '../support/docker.ts';
import { callEngine } from '../support/engine-api.ts';
import { eventually } from '../support/eventually.ts';
import { startWorld, type World, worldAddress } from '../support/host-world.ts';
import { type PolicyEngine, startPolicyEngine } from '../support/policy-engine.ts';
import { startRegistryClients } from '../support/registry-clients.ts';
import { askedHosts, askedNames, repositoryAsked } from '../support/repository-asked.ts';
import { startWorldRegistries, type WorldRegistries } from '../support/world-registries.ts';

/** Rows of the acceptance table about registries and images, each with the rules and, in a second engine, without. */
const registryAccess = {
  rules: ['registry.test', 'whole.test']
    .flatMap((host) => [{ host }, { host, port: 80 }])
    .concat({ host: 'docker.io' }),
};
/** Some of the images of a listed registry are refused. */
const imageAccess = {
  default: 'allow',
  load: 'allow',
  hub: { official: true, community: true },
  rules: [{ repository: 'registry.test/refused/**', action: 'deny' }],
};
const servers = {
  'registry.test': { kind: 'registry' },
  // No rule is for any of its images: containers may reach it, which they may not where some are refused.
  'whole.test': { kind: 'registry' },
  'blocked.test': { kind: 'registry' },
  // Tokens for builds are fetched by the client.
  'registry-1.docker.io': { kind: 'registry' },
  'web.test': { kind: 'web' },
  ...Object.fromEntries(askedHosts.map((host) => [host, { kind: 'registry' } as const])),
} as const;
let world: World;
let registries: WorldRegistries;
let engine: PolicyEngine;
let free: PolicyEngine;
const undo = new AsyncDisposableStack();

/** Without rules requests are read as well: so registries have certificates the engine believes. */
const noRules = {
  imageAccess: { default: 'allow', load: 'allow', hub: { official: true, community: true } },
};

async function startWith(name: string, bulkhead: object, more: object = {}): Promise<PolicyEngine> {
  const egress = { certificates: registries.certificates };
  return undo.use(await startPolicyEngine(name, world, { ...more, bulkhead }, egress));
}

beforeAll(async () => {
  world = undo.use(await startWorld());
  registries = undo.use(await startWorldRegistries(worldAddress, servers));
  engine = await startWith('rows', { registryAccess, imageAccess });
  free = await startWith('rows-free', noRules);
  const image = 'registry.test/library/nginx';
  await free.docker.ok(['tag', probe, image]);
  await free.docker.ok(['push', '-q', image]);
  await free.docker.ok(['rmi', image]);
});
afterAll(() => undo[Symbol.asyncDispose]());

/** By BuildKit, which nothing but the gateway sees. */
const built = async ({ docker }: PolicyEngine, from: string): Promise<Outcome> =>
  docker.run(['build', '--pull', '--no-cache', '-q', '-'], { input: `FROM ${from}\nLABEL a=b\n` });

test('the engine asks registries for each name of the table by the repository it is for the rules', async () => {
  const wrong: string[] = [];
  for (const { written, repository } of askedNames) {
    registries.asked.splice(0);
    const path = `/images/create?fromImage=${encodeURIComponent(written)}`;
    const { text } = await callEngine(free.socket, { method: 'POST', path });
    const asked = new Set(registries.asked.flatMap((line) => repositoryAsked(line) ?? []));
    if (asked.size !== 1 || !asked.has(repository)) wrong.push(`${written}: ${[...asked].join()} ${text}`);
  }
  expect(wrong).toEqual([]);
});

describe('bulkhead.registryAccess', () => {
  test('H04: engines, builders and other programs in containers pull from registries that are listed, and from no other', async () => {
    await using held = await startRegistryClients(engine.docker, registries.certificates);
    await using loose = await startRegistryClients(free.docker, registries.certificates);
    for (const [client, pulls] of Object.entries(held.pulls)) {
      const { status, stderr } = await pulls('whole.test/library/nginx');
      expect([client, status, stderr]).toEqual([client, 0, stderr]);
      const before = engine.said.length;
      expect([client, (await pulls('blocked.test/library/nginx')).status]).not.toEqual([client, 0]);
      await eventually(
        async () =>
          expect([client, engine.said.slice(before).join('\n')]).toEqual([
            client,
            expect.stringMatching(
              /Access to blocked\.test(:80)? has been restricted by your administrators\. The container .*is a registry that is not listed/,
            ),
          ]),
        10_000,
      );
      const without = await loose.pulls[client]?.('blocked.test/library/nginx');
      expect([client, without?.status, without?.stderr]).toEqual([client, 0, without?.stderr]);
    }
    await eventually(async () => {
      const refused = (await writtenAudit(engine.internals)).flatMap((event) =>
        event.kind === 'connection' && event.outcome === 'refused'
          ? [{ ...event.who, by: event.setting }]
          : [],
      );
      expect(refused).toContainEqual(
        expect.objectContaining({ kind: 'container', id: held.container, by: 'bulkhead.registryAccess' }),
      );
    }, 20_000);
  }, 120_000);

  test('H04: no container asks one, under whatever name, and a server that is none is asked', async () => {
    const ask = (host: string, said: string): string =>
      `wget -q -T 10 -O - --header 'Host: ${said}' http://${host}/v2/ > /dev/null && echo reached`;
    const both = async (script: string): Promise<readonly boolean[]> =>
      Promise.all([engine, free].map(async (each) => (await each.inContainer(script)) === 'reached'));
    expect(await both(ask('blocked.test', 'blocked.test'))).toEqual([false, true]);
    // It is listed, and some of its images are refused: both kinds of rules have to leave it open.
    expect(await both(ask('whole.test', 'whole.test'))).toEqual([true, true]);
    expect(await both(ask('registry.test', 'registry.test'))).toEqual([false, true]);
    await engine.lastSaid(/a registry of which not every image is admitted/);
    expect(await both(ask(worldAddress, 'blocked.test'))).toEqual([false, true]);
    expect(await both(ask(worldAddress, worldAddress))).toEqual([false, true]);
    expect(await both(ask('web.test', 'web.test'))).toEqual([true, true]);
    // What is asked of a registry that is listed leads to another: the gateway finds who is meant.
    expect(await both(ask('web.test', 'blocked.test'))).toEqual([false, true]);
  });

  test('H06: a proxy in a container leads the engine to no registry a container may not reach', async () => {
    const proxied = async (
      name: string,
      bulkhead: object,
    ): Promise<{ stderr: string; refused: () => Promise<string[]> }> => {
      const proxy = 'http://172.17.0.2:3128';
      const manual = { locked: true, mode: 'manual', http: proxy, https: proxy, exclude: [] };
      const own = await startWith(name, bulkhead, { proxy: manual });
      const lead = [
        'read method target version',
        'while read line && [ "${#line}" -gt 1 ]; do :; done',
        "printf 'HTTP/1.1 200 OK\\r\\n\\r\\n'",
        'exec nc ${target%:*} ${target#*:}',
      ].join('\n');
      const serve = 'printf "%s" "$LEAD" > /lead; exec nc -ll -p 3128 -e sh /lead';
      const flags = ['-d', '-e', `LEAD=${lead}`];
      const id = await own.docker.ok(['run', ...flags, probe, 'sh', '-c', serve]);
      const address = '{{.NetworkSettings.Networks.bridge.IPAddress}}';
      expect(await own.docker.ok(['inspect', '-f', address, id])).toBe('172.17.0.2');
      const { stderr } = await eventually(async () => {
        const outcome = await built(own, 'blocked.test/library/nginx');
        if (/connection refused/i.test(outcome.stderr)) throw new Error(outcome.stderr);
        return outcome;
      }, 30_000);
      const refused = async (): Promise<string[]> =>
        (await writtenAudit(own.internals)).flatMap((event) =>
          event.kind === 'connection' && event.outcome === 'refused' && event.who.kind === 'container'
            ? [event.destination]
            : [],
        );
      return { stderr, refused };
    };
    const rule = { to: 'blocked.test', action: 'deny' };
    const held = await proxied('rows-proxy', { networkAccess: { default: 'allow', rules: [rule] } });
    expect(held.stderr).not.toContain('x509');
    await expect.poll(held.refused, { timeout: 10_000 }).toContain('blocked.test');
    // It is led to the registry, whose certificate the engine does not know.
    expect((await proxied('rows-proxy-free', { networkAccess: { default: 'allow' } })).stderr).toContain(
      'x509',
    );
    // Where the rules are for registries the engine is led by nobody: what it asks for is decided before.
    const own = await proxied('rows-proxy-ended', { registryAccess });
    expect(own.stderr).toContain('Access to blocked.test has been restricted by your administrators');
  });
});

describe('bulkhead.networkAccess with images', () => {
  test('of two containers of two images the one whose image is named gets there, and no other that is called like it', async () => {
    const [named, other] = ['registry.test/named/tool', 'registry.test/library/nginx'] as const;
    const lines = `FROM ${probe}\nLABEL of=${named}\n`;
    await free.docker.ok(['build', '-q', '-t', named, '-'], { input: lines });
    await free.docker.ok(['push', '-q', named]);
    const addresses = ['198.18.0.0/15'];
    const rules = [
      { to: 'registry.test', addresses, action: 'allow' },
      { to: 'web.test', addresses, images: [named], action: 'allow' },
    ];
    const own = await startWith('rows-images', { ...noRules, networkAccess: { default: 'deny', rules } });
    for (const image of [named, other]) await own.docker.ok(['pull', '-q', image]);
    const forged = `${named}:forged`;
    await own.docker.ok(['tag', other, forged]);
    const reached = async ({ docker }: PolicyEngine, image: string): Promise<string> =>
      (await docker.run(['run', '--rm', image, 'wget', '-q', '-T', '10', '-O', '-', 'http://web.test/']))
        .stdout;
    expect(await reached(own, named)).toBe('web web.test');
    expect(await reached(own, other)).toBe('');
    expect(await reached(own, forged)).toBe('');
    await eventually(
      async () =>
        expect(await writtenAudit(own.internals)).toContainEqual(
          expect.objectContaining({
            kind: 'connection',
            outcome: 'refused',
            destination: 'web.test',
            code: 'BH_NETWORK_ACCESS',
          }),
        ),
      20_000,
    );
    // With the rules off.
    expect(await reached(free, named)).toBe('web web.test');
    await free.docker.ok(['pull', '-q', other]);
    expect(await reached(free, other)).toBe('web web.test');
  }, 120_000);
});
