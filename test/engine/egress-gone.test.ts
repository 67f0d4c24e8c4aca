import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { builtImageDir } from '../support/built-image.ts';
import { probe } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { startWorld, type World, worldAddress } from '../support/host-world.ts';
import { type PolicyEngine, startPolicyEngine } from '../support/policy-engine.ts';
import { startWorldRegistries, type WorldRegistries } from '../support/world-registries.ts';

/** Under a policy, while nobody decides: the gateway is killed, or stopped, in the midst of what it does. */
const servers = {
  'registry.test': { kind: 'registry' },
  'killed.test': { kind: 'faltering' },
  'hung.test': { kind: 'faltering' },
} as const;
const registryAccess = {
  rules: [{ host: 'registry.test', push: true }, { host: 'killed.test' }, { host: 'hung.test' }],
};

let world: World;
let registries: WorldRegistries;
let engine: PolicyEngine;
const undo = new AsyncDisposableStack();

beforeAll(async () => {
  world = undo.use(await startWorld());
  registries = undo.use(await startWorldRegistries(worldAddress, servers));
  engine = undo.use(
    await startPolicyEngine(
      'egress-gone',
      world,
      { bulkhead: { registryAccess } },
      { certificates: registries.certificates },
      // That dockerd begins a layer again is so of its own store of images alone.
      { root: join(await builtImageDir(), 'root.erofs') },
    ),
  );
  for (const path of ['killed', 'hung']) {
    const image = `registry.test/acme/${path}`;
    await engine.docker.ok(['build', '-q', '--no-cache', '-t', image, '-'], {
      input: `FROM ${probe}\nRUN head -c 1000000 /dev/urandom > /random\n`,
    });
    await engine.docker.ok(['push', '-q', image]);
    await engine.docker.ok(['rmi', image]);
    await engine.docker.ok(['builder', 'prune', '-a', '-f']);
  }
});
afterAll(() => undo[Symbol.asyncDispose]());

const gateway = (): number => {
  const pid = engine.gateway?.pid;
  if (pid === undefined) throw new Error('no gateway runs');
  return pid;
};
const hear = `nc -w 30 ${worldAddress} `;

/** A pull that has some of a layer and waits for the rest. */
async function pulling(host: 'killed.test' | 'hung.test'): Promise<{ readonly ended: Promise<string> }> {
  const ended = engine.docker.run(['pull', '-q', `${host}/acme/${host.split('.')[0]}`]);
  await eventually(async () => expect([...registries.faltered]).toContain(host), 20_000);
  return { ended: ended.then(({ status, stderr }) => `${status} ${stderr}`) };
}

test('a pull in the midst of which the gateway is killed goes on with the next one', async () => {
  const { ended } = await pulling('killed.test');
  const killed = gateway();
  process.kill(killed, 'SIGKILL');
  expect(await ended).toBe('0 ');
  expect(gateway()).not.toBe(killed);
});

test('while the gateway hangs nothing gets out and nobody waits for long; a pull goes on when it does', async () => {
  const { ended } = await pulling('hung.test');
  const before = [world.connections(), registries.asked.length];
  const hung = gateway();
  process.kill(hung, 'SIGSTOP');
  try {
    const stopped = performance.now();
    const said = await Promise.all([
      engine.inContainer(`${hear} ${world.port} < /dev/null`),
      engine.inContainer('timeout 8 nslookup -type=a asked.test 192.0.2.53 | grep -A 9 asked.test'),
    ]);
    expect(said).toEqual(['', '']);
    // It is given ten seconds (HANG_MS of src/egress/relay/link.c), and then each is reset at once: of the time the most is a container's start.
    expect(performance.now() - stopped).toBeLessThan(25_000);
    const again = await engine.inContainer(
      `a=$(date +%s); ${hear} ${world.port} < /dev/null; echo $(($(date +%s) - a))`,
    );
    expect(Number(again)).toBeLessThan(5);
    expect([world.connections(), registries.asked.length]).toEqual(before);
    expect(world.asked()).not.toContain('asked');
  } finally {
    process.kill(hung, 'SIGCONT');
  }
  expect(await ended).toBe('0 ');
  expect(gateway()).toBe(hung);
  expect(await engine.inContainer(`${hear} ${world.port} < /dev/null`)).toContain('hello');
});
