import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { type AuditEvent, auditEventSchema } from '../../src/common/audit-event.ts';
import { commandLine } from '../support/command-line.ts';
import { type AlteredEngine, startAlteredEngine } from '../support/altered-engine.ts';
import { auditDirectory, writtenAudit } from '../support/audit.ts';
import { readStatus } from '../support/control.ts';
import { type Docker, probe } from '../support/docker.ts';
import { callEngine } from '../support/engine-api.ts';
import { eventually } from '../support/eventually.ts';
import { talk } from '../support/raw-http.ts';

/** What the audit log of an engine with a policy holds after each kind of thing that is decided. */
let engine: AlteredEngine | undefined;
let docker: Docker;
let socket = '';
beforeAll(async () => {
  /* Seen from the engine's own network, where the collector below listens, later than the engine. */
  const openTelemetry = { endpoint: 'http://127.0.0.1:4318/v1/logs' };
  const policy = { serial: 7, allowPrivileged: false, audit: { openTelemetry } };
  engine = await startAlteredEngine('audit', { policy });
  ({ docker } = engine);
  socket = docker.socket;
});
afterAll(async () => engine?.[Symbol.asyncDispose]());

const controlSocket = (): string => join(dirname(socket), 'control.sock');

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
    by: 'gate',
    container: 'refused',
    image: probe,
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
  const headers = { 'X-Bulkhead-Request-Id': 'of-the-client' };
  const answer = await callEngine(socket, { method: 'GET', path: '/no/such?password=hidden', headers });
  expect(answer.status).toBe(404);
  expect(await eventLike({ request: String(answer.headers['x-bulkhead-request-id']) })).toMatchObject({
    outcome: 'refused',
    by: 'gate',
    code: 'BH_GATE_UNKNOWN_ENDPOINT',
    path: '/no/such',
  });
});

/* The pause between two attempts to reach it grows. */
test('a collector that comes late gets every line', { timeout: 180_000 }, async () => {
  const { init } = running().internals;
  const program = join(import.meta.dirname, '..', 'support', 'otlp-collector.ts');
  const words = ['-t', String(init), '-n', process.execPath, program];
  const collector = spawn('nsenter', words, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    collector.kill();
    await once(collector, 'close');
  });
  const said: string[] = [];
  createInterface(collector.stdout).on('line', (line) => said.push(line));
  const sent = (): AuditEvent[] => said.flatMap((line) => eventsIn(line.replace(/^POST \/v1\/logs /, '')));
  const written = await writtenAudit(running().internals);
  expect(written.length).toBeGreaterThan(10);
  await expect.poll(() => sent().length, { timeout: 90_000 }).toBeGreaterThanOrEqual(written.length);
  expect(sent().slice(0, written.length)).toEqual(written);
  await eventually(async () => {
    const { openTelemetry } = (await readStatus(controlSocket())).audit;
    expect(openTelemetry).toMatchObject({ dropped: 0, waiting: 0, lastError: null });
  }, 30_000);
});

const exportSchema = z.object({
  resourceLogs: z.array(
    z.object({
      scopeLogs: z.array(
        z.object({ logRecords: z.array(z.object({ body: z.object({ stringValue: z.string() }) })) }),
      ),
    }),
  ),
});

/** The lines of the log in one request to a collector. */
function eventsIn(text: string): AuditEvent[] {
  const { resourceLogs } = exportSchema.parse(JSON.parse(text));
  return resourceLogs
    .flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords))
    .map(({ body }) => auditEventSchema.parse(JSON.parse(body.stringValue)));
}

test('without the key nothing is sent', async () => {
  const { audit } = await readStatus(inject('controlSocket'));
  expect(audit).toMatchObject({ lost: 0, openTelemetry: null });
  expect(audit.recorded).toBeGreaterThan(0);
});

test('who hammers fills no disk and hides no other refusal', async () => {
  const before = (await writtenAudit(running().internals)).length;
  const hammer = async (count: number): Promise<void> => {
    for (let sent = 0; sent < count; sent += 1)
      await talk(socket, ['GET /hammered HTTP/1.1\r\nHost: x\r\n\r\n']);
  };
  const work = Array.from({ length: 16 }, () => hammer(125));
  const other = await docker.run(['create', '-v', '/root:/host', probe]);
  expect(other.status).not.toBe(0);
  await Promise.all(work);
  await eventLike({ path: '/containers/create', code: 'BH_GATE_MOUNT', outcome: 'refused' });
  const told = await eventLike({ kind: 'suppressed' });
  expect(told).toMatchObject({ decisions: [{ code: 'BH_GATE_UNKNOWN_ENDPOINT', outcome: 'refused' }] });
  const events = await writtenAudit(running().internals);
  expect(events.filter((event) => 'path' in event && event.path === '/hammered').length).toBeLessThan(100);
  expect(events.length - before).toBeLessThan(200);
  const { suppressed, lost } = (await readStatus(controlSocket())).audit;
  expect(suppressed).toBeGreaterThan(1800);
  expect(lost).toBe(0);
});

test('no container is given the log, however it asks', async () => {
  const before = await writtenAudit(running().internals);
  for (const flags of [
    ['-v', `${auditDirectory}:/a`],
    ['--mount', `type=bind,src=${auditDirectory},dst=/a`],
    [
      '--mount',
      `type=volume,dst=/a,volume-driver=local,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=${auditDirectory}`,
    ],
    ['-v', '/var/lib/bulkhead-data:/a'],
  ]) {
    const { status, stderr } = await docker.run(['run', '--rm', ...flags, probe, 'ls', '/a']);
    expect([status, stderr]).toEqual([125, expect.stringContaining('enhanced container isolation')]);
  }
  const found = 'find / -xdev -name "notable-*" 2>/dev/null; ls /var/lib/bulkhead-data 2>&1; echo done';
  expect(await docker.ok(['run', '--rm', '--cap-add', 'ALL', probe, 'sh', '-c', found])).not.toContain(
    'notable-',
  );
  const after = await writtenAudit(running().internals);
  expect(after.slice(0, before.length)).toEqual(before);
});

test('after bulkheadd was killed the log goes on, and says so', async () => {
  const { internals } = running();
  const before = await writtenAudit(internals);
  await internals.replace('bulkheadd');
  await eventually(async () => docker.ok(['version']), 60_000);
  const after = await eventually(async () => {
    const events = await writtenAudit(internals);
    expect(events.at(-1)?.boot).not.toBe(before.at(-1)?.boot);
    return events;
  }, 30_000);
  expect(after.slice(0, before.length)).toEqual(before);
  const policies = after.filter(({ kind }) => kind === 'policy');
  expect(policies.map((event) => ('policy' in event ? event.policy : ''))).toEqual(['7', '7']);
  const numbers = after.map(({ seq }) => seq);
  expect(numbers).toEqual(numbers.map((_, index) => index));
});

test('bulkhead audit --follow shows a refusal as it happens', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bh-audit-'));
  onTestFinished(async () => rm(directory, { recursive: true }));
  // The command finds an engine by name; this one's sockets are elsewhere.
  await mkdir(join(directory, 'bulkhead', 'test'), { recursive: true });
  await symlink(dirname(socket), join(directory, 'bulkhead', 'test', 'engine'));
  const env = { ...process.env, XDG_RUNTIME_DIR: directory, XDG_STATE_HOME: directory };
  const reader = spawn(process.execPath, [commandLine, 'audit', '--follow', '--name', 'test'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const over = once(reader, 'close');
  const lines: string[] = [];
  createInterface(reader.stdout).on('line', (line) => lines.push(line));
  await expect.poll(() => lines.length, { timeout: 30_000 }).toBeGreaterThan(0);
  await docker.run(['create', '--name', 'followed', '-v', '/usr:/host', probe]);
  const refusal =
    /^\d{4}-\d\d-\d\d \S+ {2}refused +developer +ContainerCreate followed \(bulkhead\/probe\) +rule bind-sources, BH_GATE_MOUNT$/;
  await expect.poll(() => lines.filter((line) => refusal.test(line)).length, { timeout: 30_000 }).toBe(1);
  reader.kill('SIGINT');
  expect(await over).toEqual([130, null]);
});

test.each(['dockerd', 'containerd'] as const)('%s sees the log read-only', async (service) => {
  const pid = await running().internals.pidOf(service);
  const made = `/proc/${pid}/root${auditDirectory}/made`;
  await expect(writeFile(made, '')).rejects.toMatchObject({ code: 'EROFS' });
});
