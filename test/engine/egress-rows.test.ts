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
  rules: [{ host: 'docker.io' }, { host: 'registry.test' }, { host: 'registry.test', port: 80 }],
};
const imageAccess = {
  default: 'allow',
  load: 'allow',
  hub: { official: true, repositories: ['someuser/tool'] },
  rules: [
    { repository: 'registry.test/closed/**', action: 'deny' },
    { repository: 'registry.test/closed/open', action: 'allow' },
    { repository: 'source.test/**', action: 'deny' },
    { repository: 'source.test/fine/*', action: 'allow' },
  ],
  mirrors: [{ source: 'source.test', mirror: 'registry.test/mirror' }],
};
const servers = {
  'registry.test': { kind: 'registry' },
  'blocked.test': { kind: 'registry' },
  'source.test': { kind: 'registry' },
  // Tokens for builds are fetched by the client.
  'registry-1.docker.io': { kind: 'registry' },
  'web.test': { kind: 'web' },
  ...Object.fromEntries(askedHosts.map((host) => [host, { kind: 'registry' } as const])),
} as const;
const paths = [
  'library/nginx',
  'someuser/x',
  'someuser/tool',
  'closed/x',
  'closed/open',
  'mirror/acme/x',
  'mirror/fine/x',
];

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
  for (const path of paths) {
    await free.docker.ok(['tag', probe, `registry.test/${path}`]);
    await free.docker.ok(['push', '-q', `registry.test/${path}`]);
    await free.docker.ok(['rmi', `registry.test/${path}`]);
  }
});
afterAll(() => undo[Symbol.asyncDispose]());

const pull = async ({ docker }: PolicyEngine, image: string): Promise<Outcome> => {
  const outcome = await docker.run(['pull', '-q', image]);
  await docker.run(['rmi', image]);
  return outcome;
};
/** By BuildKit, which nothing but the gateway sees. */
const built = async ({ docker }: PolicyEngine, from: string): Promise<Outcome> =>
  docker.run(['build', '--pull', '--no-cache', '-q', '-'], { input: `FROM ${from}\nLABEL a=b\n` });

/** Refused to pull and to build upon, by the rule; both done without it. */
async function expectDenied(image: string): Promise<void> {
  for (const way of [pull, built]) {
    const { status, stderr } = await way(engine, image);
    expect([status === 0, stderr]).toEqual([
      false,
      expect.stringMatching(
        /image access denied: .*rule image-access \(bulkhead\.imageAccess.*it@example\.com/s,
      ),
    ]);
    expect((await way(free, image)).stderr).toBe('');
  }
}

async function expectAllowed(image: string): Promise<void> {
  for (const way of [pull, built]) {
    const { status, stderr } = await way(engine, image);
    expect([status, stderr]).toEqual([0, '']);
  }
}

describe('bulkhead.imageAccess', () => {
  test('H07: a mirror is decided as its source, and a source that is not to be reached is not', async () => {
    await expectDenied('registry.test/mirror/acme/x');
    await expectAllowed('registry.test/mirror/fine/x');
    expect((await built(engine, 'source.test/mirror/fine/x')).stderr).toContain(
      'Access to source.test has been restricted by your administrators',
    );
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
});

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
      const { status, stderr } = await pulls('registry.test/library/nginx');
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
