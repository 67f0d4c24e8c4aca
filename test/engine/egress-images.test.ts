import { afterAll, beforeAll, expect, test } from 'vitest';
import { writtenAudit } from '../support/audit.ts';
import { type Outcome, probe } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { startWorld, type World, worldAddress } from '../support/host-world.ts';
import { type PolicyEngine, startPolicyEngine } from '../support/policy-engine.ts';
import { startRegistryClients } from '../support/registry-clients.ts';
import { startWorldRegistries, type WorldRegistries } from '../support/world-registries.ts';

/**
 * Rows H04, H09 and H10 with `bulkhead.imageAccess` alone: what containers and build steps ask for nobody reads, so they reach no registry of which not every image is
 * admitted. With the rule off the same is tried by a policy with `"containers": "allow"`, whose rules are the same for the engine.
 */
const imageAccess = {
  hub: { official: true },
  load: 'allow',
  rules: [
    { repository: 'whole.test/**', action: 'allow' },
    { repository: 'registry.test/acme/*', action: 'allow' },
  ],
};
const servers = {
  'registry.test': { kind: 'registry' },
  'whole.test': { kind: 'registry' },
  'unnamed.test': { kind: 'registry' },
  'registry-1.docker.io': { kind: 'registry' },
  'web.test': { kind: 'web' },
} as const;

let world: World;
let registries: WorldRegistries;
let held: PolicyEngine;
let left: PolicyEngine;
const undo = new AsyncDisposableStack();

beforeAll(async () => {
  world = undo.use(await startWorld());
  registries = undo.use(await startWorldRegistries(worldAddress, servers));
  const { certificates } = registries;
  const start = async (name: string, more: object): Promise<PolicyEngine> => {
    const bulkhead = { imageAccess: { ...imageAccess, ...more } };
    return undo.use(await startPolicyEngine(name, world, { bulkhead }, { certificates }));
  };
  held = await start('images', {});
  left = await start('images-left', { containers: 'allow' });
  await left.docker.ok(['tag', probe, 'registry.test/acme/tool']);
  await left.docker.ok(['push', '-q', 'registry.test/acme/tool']);
  await left.docker.ok(['rmi', 'registry.test/acme/tool']);
});
afterAll(() => undo[Symbol.asyncDispose]());

const partly = (host: string): RegExp =>
  new RegExp(
    `Access to ${host.replaceAll('.', '\\.')} has been restricted by your administrators\\. .*a registry of which not every image is admitted.*rule image-access.*Setting: bulkhead\\.imageAccess\\..*Pull or push the image with docker on the host.*it@example\\.com`,
  );

/** What the gateway says is told beside the connection. */
const expectSaid = async (pattern: RegExp, before: number): Promise<void> =>
  eventually(async () => expect(held.said.slice(before).join('\n')).toMatch(pattern), 10_000);

const ask = (host: string, named = host): string =>
  `wget -q -T 10 -O - --header 'Host: ${named}' http://${host}/v2/ > /dev/null && echo reached || echo not`;

test('the engine pulls the images that are admitted', async () => {
  await held.docker.ok(['pull', '-q', 'registry.test/acme/tool']);
  await held.docker.ok(['rmi', 'registry.test/acme/tool']);
  const other = await held.docker.run(['pull', 'registry.test/other/tool']);
  expect([other.status === 0, other.stderr]).toEqual([false, expect.stringContaining('image access denied')]);
});

test('H04, H10: what pulls in a container pulls from a registry of which every image is admitted, and from no other', async () => {
  await using inHeld = await startRegistryClients(held.docker, registries.certificates);
  await using inLeft = await startRegistryClients(left.docker, registries.certificates);
  for (const client of ['an engine', 'skopeo', 'a docker-container builder of buildx']) {
    const pull = async (clients: typeof inHeld, host: string): Promise<Outcome | undefined> =>
      clients.pulls[client]?.(`${host}/acme/tool`);
    const whole = await pull(inHeld, 'whole.test');
    expect([client, whole?.status, whole?.stderr]).toEqual([client, 0, whole?.stderr]);
    for (const host of ['registry.test', 'unnamed.test']) {
      const before = held.said.length;
      expect([client, host, (await pull(inHeld, host))?.status]).not.toEqual([client, host, 0]);
      await expectSaid(partly(host), before);
      const without = await pull(inLeft, host);
      expect([client, without?.status, without?.stderr]).toEqual([client, 0, without?.stderr]);
    }
  }
  await eventually(async () => {
    const refused = (await writtenAudit(held.internals)).flatMap((event) =>
      event.kind === 'connection' && event.outcome === 'refused'
        ? [{ ...event.who, rule: event.rule, by: event.setting }]
        : [],
    );
    expect(refused).toContainEqual(
      expect.objectContaining({
        kind: 'container',
        id: inHeld.container,
        rule: 'image-access',
        by: 'bulkhead.imageAccess.default',
      }),
    );
  }, 20_000);
}, 240_000);

test('H09: no container reaches the Hub, of which official images alone are admitted, nor is it asked whether it is one', async () => {
  registries.asked.splice(0);
  const before = held.said.length;
  expect(await held.inContainer(ask('registry-1.docker.io'))).toBe('not');
  await expectSaid(partly('registry-1.docker.io'), before);
  expect(registries.asked).toEqual([]);
  expect(await left.inContainer(ask('registry-1.docker.io'))).toBe('reached');
});

test('H10: nor another registry, under whatever name, and a server that is none is reached', async () => {
  const script = [
    ask('whole.test'),
    ask('web.test'),
    ask('registry.test'),
    ask('unnamed.test'),
    ask('web.test', 'unnamed.test'),
    ask(worldAddress, 'whole.test'),
    ask(worldAddress, 'registry.test'),
    ask(worldAddress),
  ].join('; ');
  expect((await held.inContainer(script)).split('\n')).toEqual([
    'reached',
    'reached',
    'not',
    'not',
    'not',
    'reached',
    'not',
    'not',
  ]);
  expect((await left.inContainer(script)).split('\n')).toEqual(Array(8).fill('reached'));
});

test('H04: it holds for the steps of builds', async () => {
  const step = async ({ docker }: PolicyEngine, host: string): Promise<number> => {
    const input = `FROM ${probe}\nRUN wget -q -T 10 -O /answer http://${host}/v2/\n`;
    return (await docker.run(['build', '-q', '--no-cache', '-'], { input })).status;
  };
  const before = held.said.length;
  expect(await step(held, 'registry.test')).not.toBe(0);
  await expectSaid(/A step of a build may not connect to it, because it is a registry of which/, before);
  expect(await step(held, 'web.test')).toBe(0);
  expect(await step(held, 'whole.test')).toBe(0);
  expect(await step(left, 'registry.test')).toBe(0);
}, 120_000);
