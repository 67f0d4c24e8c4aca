import { afterAll, beforeAll, expect, test } from 'vitest';
import { hostRows } from '../acceptance/egress-host.ts';
import { writtenAudit } from '../support/audit.ts';
import { startWorld, type World, worldAddress } from '../support/host-world.ts';
import {
  loopbackPolicy,
  type LoopbackServices,
  startLoopbackServices,
} from '../support/loopback-services.ts';
import { type PolicyEngine, startPolicyEngine } from '../support/policy-engine.ts';

/** The loopback of this machine, from engines without a VM: by rules, with nothing but the setting, and without that. */
let world: World;
let services: LoopbackServices;
let engine: PolicyEngine;
let free: PolicyEngine;
let closed: PolicyEngine;
const undo = new AsyncDisposableStack();

beforeAll(async () => {
  world = undo.use(await startWorld());
  services = undo.use(await startLoopbackServices());
  const { hostLoopback, rule } = loopbackPolicy(services);
  const networkAccess = { default: 'deny', rules: [rule] };
  const open = { hostLoopback: 'open' } as const;
  engine = undo.use(
    await startPolicyEngine('egress-host', world, { bulkhead: { hostLoopback, networkAccess } }, open),
  );
  free = undo.use(await startPolicyEngine('egress-host-free', world, {}, open));
  closed = undo.use(
    await startPolicyEngine('egress-host-closed', world, {
      bulkhead: { networkAccess: { default: 'allow' } },
    }),
  );
});
afterAll(() => undo[Symbol.asyncDispose]());

hostRows(() => ({
  engine,
  free: [free],
  services,
  others: async () => Promise.resolve(['203.0.113.251', '203.0.113.253', '192.168.65.1', worldAddress]),
  said: () => engine.said,
  audit: () => writtenAudit(engine.internals),
  soon: 9,
}));

test('H15: without the setting it is not reached, whatever rules allow', async () => {
  const { port, visits } = services.open;
  const before = visits();
  expect(await closed.inContainer(`nc -w 9 host.docker.internal ${port} < /dev/null; echo tried`)).toBe(
    'tried',
  );
  await closed.lastSaid(
    /host\.docker\.internal:\d+ .*rule host-loopback.*bulkhead\.hostLoopback.*it@example\.com/,
  );
  expect(visits()).toBe(before);
});

test('H15: the engine reaches what rules allow there, and no more', async () => {
  const { open, shut } = services;
  const visits = (): number[] => [open.visits(), shut.visits()];
  const [reached = 0, refused = 0] = visits();
  const pullFrom = ({ docker }: PolicyEngine, port: number): Promise<unknown> =>
    docker.run(['pull', `host.docker.internal:${port}/image`]);
  for (const { port } of [open, shut]) await pullFrom(engine, port);
  expect(visits()).toEqual([expect.any(Number), refused]);
  expect(open.visits()).toBeGreaterThan(reached);
  // With the rules off.
  await pullFrom(free, shut.port);
  expect(shut.visits()).toBeGreaterThan(refused);
});
