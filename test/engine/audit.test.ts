import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditEvent } from '../../src/common/audit-event.ts';
import { type AlteredEngine, startAlteredEngine } from '../support/altered-engine.ts';
import { writtenAudit } from '../support/audit.ts';
import { type Docker, probe } from '../support/docker.ts';
import { callEngine } from '../support/engine-api.ts';
import { eventually } from '../support/eventually.ts';

/** What the audit log of an engine with a policy holds after each kind of thing that is decided. */
let engine: AlteredEngine | undefined;
let docker: Docker;
beforeAll(async () => {
  engine = await startAlteredEngine('audit', { policy: { serial: 7, allowPrivileged: false } });
  ({ docker } = engine);
});
afterAll(async () => engine?.[Symbol.asyncDispose]());

function running(): AlteredEngine {
  if (engine === undefined) throw new Error('the engine does not run');
  return engine;
}

/** Waits for one event for which `expected` holds, and gives the last such. */
async function eventLike(expected: Record<string, unknown>): Promise<AuditEvent> {
  return eventually(async () => {
    const found = (await writtenAudit(running().internals)).filter((event) =>
      Object.entries(expected).every(([key, value]) => Reflect.get(event, key) === value),
    );
    const last = found.at(-1);
    if (last === undefined) throw new Error(`no event like ${JSON.stringify(expected)}`);
    return last;
  }, 30_000);
}

test('the policy in force is the first line', async () => {
  const [first] = await writtenAudit(running().internals);
  expect(first).toMatchObject({ seq: 0, kind: 'policy', policy: '7', mode: 'native' });
  expect(first).toHaveProperty('sha256');
});

test('a container that runs: who asked for it, what isolation made of it, by one id', async () => {
  const id = await docker.ok(['run', '-d', '--name', 'allowed', probe, 'sleep', '600']);
  expect(await eventLike({ operation: 'ContainerCreate', container: id })).toMatchObject({
    kind: 'request',
    outcome: 'allowed',
    who: { kind: 'developer' },
    method: 'POST',
    path: '/containers/create',
    image: probe,
    status: 201,
  });
  expect(await eventLike({ operation: 'ContainerStart', container: id })).toMatchObject({ status: 204 });
  expect(await eventLike({ kind: 'container', container: id })).toMatchObject({
    outcome: 'allowed',
    command: 'create',
    image: probe,
  });
});

test('docker exec', async () => {
  await docker.ok(['exec', 'allowed', 'true']);
  expect(await eventLike({ operation: 'ContainerExec' })).toMatchObject({
    outcome: 'allowed',
    container: 'allowed',
    status: 201,
  });
});

test('a bind that is refused: rule and code, and nothing of the body', async () => {
  await docker.run(['run', '--name', 'refused', '-e', 'SECRET=hidden', '-v', '/etc:/host', probe, 'true']);
  expect(await eventLike({ code: 'BH_GATE_MOUNT' })).toMatchObject({
    kind: 'request',
    outcome: 'refused',
    operation: 'ContainerCreate',
    rule: 'bind-sources',
    by: 'authorization',
    container: 'refused',
    image: probe,
    status: 403,
  });
  expect(JSON.stringify(await writtenAudit(running().internals))).not.toContain('hidden');
});

test('what policy refuses names the setting', async () => {
  await docker.run(['exec', '--privileged', 'allowed', 'true']);
  expect(await eventLike({ code: 'BH_GATE_PRIVILEGED', operation: 'ContainerExec' })).toMatchObject({
    rule: 'privileged',
    setting: 'bulkhead.allowPrivileged',
  });
});

test('a refusal of the runtime', async () => {
  const id = await docker.ok(['create', '--sysctl', 'net.core.somaxconn=10', '-u', '70000', probe, 'true']);
  await docker.run(['start', id]);
  const event = await eventLike({ kind: 'container', container: id });
  expect(event).toMatchObject({ outcome: 'refused', who: { kind: 'engine' }, image: probe });
  expect(event).toHaveProperty('rule');
});

test('a refusal of the gate itself is found by the id its client was given', async () => {
  const { socket } = socketOf(docker);
  const answer = await fetchRefusal(socket);
  expect(await eventLike({ request: answer })).toMatchObject({
    outcome: 'refused',
    by: 'gate',
    code: 'BH_GATE_UNKNOWN_ENDPOINT',
    path: '/no/such',
  });
});

function socketOf({ host }: Docker): { readonly socket: string } {
  return { socket: host.replace('unix://', '') };
}

async function fetchRefusal(socket: string): Promise<string> {
  const headers = { 'X-Bulkhead-Request-Id': 'of-the-client' };
  const answer = await callEngine(socket, { method: 'GET', path: '/no/such?password=hidden', headers });
  expect(answer.status).toBe(404);
  return String(answer.headers['x-bulkhead-request-id']);
}
