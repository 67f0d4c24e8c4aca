import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { egressPolicy, egressRows, inhibited, scriptsOf } from '../acceptance/egress.ts';
import { writtenAudit } from '../support/audit.ts';
import { eventually } from '../support/eventually.ts';
import { startWorld, type World, worldAddress } from '../support/host-world.ts';
import { type PolicyEngine, startPolicyEngine } from '../support/policy-engine.ts';

/** All names have one address. Who may go where is decided by the policy of the first of these engines, and by nothing in the other. */
let world: World;
let web: Server;
let webPort = 0;
let engine: PolicyEngine;
let free: PolicyEngine;

beforeAll(async () => {
  world = await startWorld();
  web = createServer((request, response) => void response.end(`web ${request.headers.host}\n`));
  web.listen(0, worldAddress);
  await once(web, 'listening');
  const address = web.address();
  webPort = typeof address === 'object' ? (address?.port ?? 0) : 0;
  engine = await startPolicyEngine(
    'egress-policy',
    world,
    { bulkhead: egressPolicy },
    { namesWithout: inhibited },
  );
  free = await startPolicyEngine('egress-free', world, {});
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await free[Symbol.asyncDispose]();
  web.closeAllConnections();
  web.close();
  await world[Symbol.asyncDispose]();
});

egressRows(() => ({
  engine,
  free: [free],
  world,
  webPort,
  said: () => engine.said,
  audit: () => writtenAudit(engine.internals),
  gatewayPid: () => Promise.resolve(engine.gateway?.pid),
  rounds: 3,
  soon: 9,
}));

test('goes on when bulkheadd was killed', async () => {
  const { hear } = scriptsOf({ world, webPort });
  await engine.internals.replace('bulkheadd');
  await eventually(
    async () => expect(await engine.inContainer(hear('open.test'))).toContain('hello'),
    40_000,
  );
  expect(await engine.inContainer(hear(worldAddress))).toBe('');
});
