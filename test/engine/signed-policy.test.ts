import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type NativeEngine, startNativeEngine } from '../../src/vm/native/index.ts';
import { alteredRoot, type AlteredRoot } from '../support/altered-root.ts';
import { readStatus } from '../support/control.ts';
import { createDocker } from '../support/docker.ts';
import { engineInternals } from '../support/engine-internals.ts';
import { eventually } from '../support/eventually.ts';
import { signedPolicy, testKeyId, testPolicyKey } from '../support/signed-policy.ts';

/** An engine whose root holds the organization's key. Who starts it here looks at nothing: all that is refused, bulkheadd refuses inside. */
let dir: string;
let root: AlteredRoot;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-signed-'));
  root = await alteredRoot(inject('testedRoot'), join(dir, 'root'), [], {
    'usr/lib/bulkhead/policy-key.pem': testPolicyKey,
  });
});
afterAll(async () => {
  await root.unmount();
  await rm(dir, { recursive: true });
});
const record = (): string => join(dir, 'data', 'bulkhead', 'policy-serial.json');

/** On the same data directory each time. */
async function start(policy: string | undefined, phases: string[] = []): Promise<NativeEngine> {
  const file = join(dir, 'admin-settings.json');
  if (policy !== undefined) await writeFile(file, policy);
  await using handle = policy === undefined ? undefined : await open(file);
  return await startNativeEngine({
    name: `signed-${process.pid}`,
    root: root.path,
    dataDir: join(dir, 'data'),
    hostDir: join(dir, 'host'),
    ...(handle === undefined ? {} : { policy: handle }),
    onPhase: (phase) => phases.push(phase),
    signal: AbortSignal.timeout(90_000),
  });
}

/** Nothing is served, and no phase after that of the daemon is reached. */
async function expectRefused(policy: string | undefined, reason: string): Promise<void> {
  const phases: string[] = [];
  await expect(start(policy, phases)).rejects.toThrow(`policy-refused: ${reason}`);
  expect(phases).not.toContain('policy-sealed');
  expect(phases).not.toContain('engine-ready');
}

describe('G09: an engine with a key does not serve', () => {
  const other = generateKeyPairSync('ed25519').privateKey;
  test.each([
    ['without a policy', () => undefined, 'There is no policy'],
    [
      'under one that nobody signed',
      () => '{"configurationFileVersion": 2, "bulkhead": {"serial": 9}}',
      'the policy is not signed',
    ],
    [
      'under one signed with another key',
      () => signedPolicy({ serial: 9 }, { key: other }),
      'the policy is signed with the key',
    ],
    [
      'under one that was altered',
      () => signedPolicy({ serial: 9, allowPrivileged: false }).replace('false', 'true'),
      'the policy was changed after it was signed',
    ],
    [
      'under one that has expired',
      () => signedPolicy({ serial: 9, expires: '2020-01-01T00:00:00Z' }),
      'the policy was valid until 2020-01-01T00:00:00Z',
    ],
    [
      'under one for newer images',
      () => signedPolicy({ serial: 9, minimumImageVersion: '99.0' }),
      'the policy takes no image older than 99.0',
    ],
  ])('%s', async (_what, policy, reason) => {
    await expectRefused(policy(), reason);
  });

  test('and each refusal is in the audit log', async () => {
    const log = join(dir, 'data', 'bulkhead', 'audit');
    const texts = await Promise.all(
      (await readdir(log)).map(async (name) => readFile(join(log, name), 'utf8')),
    );
    const refused = texts
      .flatMap((text) => text.split('\n'))
      .filter((line) => line.includes('"kind":"policy"') && line.includes('"outcome":"refused"'))
      .map((line) => /"code":"(BH_POLICY_[A-Z_]+)"/.exec(line)?.[1] ?? line);
    expect(refused.toSorted()).toEqual([
      'BH_POLICY_ALTERED',
      'BH_POLICY_EXPIRED',
      'BH_POLICY_IMAGE_VERSION',
      'BH_POLICY_KEY',
      'BH_POLICY_MISSING',
      'BH_POLICY_UNSIGNED',
    ]);
  });
});

test('under one that the key signed it serves, remembers its serial, and a killed daemon decides by the same', async () => {
  const phases: string[] = [];
  const policy = signedPolicy({ serial: 5, allowPrivileged: false });
  const engine = await start(policy, phases);
  try {
    expect(phases.filter((phase) => ['daemon', 'policy-sealed', 'engine-ready'].includes(phase))).toEqual([
      'daemon',
      'policy-sealed',
      'engine-ready',
    ]);
    const standing = { imageKey: testKeyId, inForce: { serial: 5, signedBy: testKeyId } };
    expect((await readStatus(engine.controlSocket)).policy).toMatchObject(standing);
    expect(await readFile(record(), 'utf8')).toMatch(/^\{"serial":5,"sha256":"[0-9a-f]{64}"\}\n$/);

    // Neither the file it came from nor the record can loosen what is sealed.
    await writeFile(join(dir, 'admin-settings.json'), signedPolicy({ serial: 6 }));
    const internals = await engineInternals(engine.pid);
    await internals.replace('bulkheadd');
    await eventually(async () => {
      expect((await readStatus(engine.controlSocket)).policy).toMatchObject(standing);
    }, 60_000);
    const docker = createDocker(engine.dockerHost);
    const { stderr } = await docker.run(['create', '--privileged', 'bulkhead/probe']);
    expect(stderr).toContain('bulkhead.allowPrivileged');

    // Of the engine's own programs none may write where the record is.
    const { init } = internals;
    const mounts = async (pid: number | undefined): Promise<string> =>
      readFile(`/proc/${pid}/mountinfo`, 'utf8');
    for (const service of ['dockerd', 'containerd'] as const)
      expect(await mounts(await internals.pidOf(service))).toMatch(/ \/var\/lib\/bulkhead-data ro,/);
    expect(await mounts(init)).toMatch(/ \/var\/lib\/bulkhead-data rw,/);
  } finally {
    await engine.stop();
  }
});

/** One that ends in so many milliseconds; a start that takes longer is refused, and tried with the next. */
async function startBefore(
  ends: readonly number[],
): Promise<{ engine: NativeEngine; end: number; policy: string }> {
  const [first = 0, ...later] = ends;
  const end = Date.now() + first;
  const policy = signedPolicy({ serial: 6, expires: new Date(end).toISOString() });
  try {
    return { engine: await start(policy), end, policy };
  } catch (error) {
    if (later.length === 0 || !String(error).includes('was valid until')) throw error;
    return startBefore(later);
  }
}

test(
  'G09: one that expires while it is in force stays so until the engine is stopped',
  { timeout: 300_000 },
  async () => {
    const { engine, end, policy } = await startBefore([10_000, 60_000]);
    try {
      const internals = await engineInternals(engine.pid);
      await delay(Math.max(0, end - Date.now()));
      await internals.replace('bulkheadd');
      await eventually(async () => {
        const { inForce } = (await readStatus(engine.controlSocket)).policy;
        expect(inForce).toMatchObject({ serial: 6, expires: new Date(end).toISOString() });
      }, 60_000);
      await createDocker(engine.dockerHost).ok(['info']);
    } finally {
      await engine.stop();
    }
    await expectRefused(policy, 'the policy was valid until');
  },
);

describe('G09: an engine that had one with serial 6 does not serve', () => {
  test('under one with serial 5', async () => {
    await expectRefused(signedPolicy({ serial: 5 }), 'the policy has the serial 5; one with 6 was in force');
  });

  test('under another with serial 6', async () => {
    const reason = 'the policy has the serial 6 (bulkhead.serial), which another policy';
    await expectRefused(signedPolicy({ serial: 6, allowPrivileged: true }), reason);
  });

  test('under one that had ended by a time that was seen here, whatever the clock says now', async () => {
    const time = join(dir, 'data', 'bulkhead', 'policy-time.json');
    const before = await readFile(time, 'utf8');
    expect(Math.abs(Date.parse(/"seen":"([^"]*)"/.exec(before)?.[1] ?? '') - Date.now())).toBeLessThan(
      600_000,
    );
    await writeFile(time, '{"seen":"2198-01-01T00:00:00Z"}\n');
    const policy = signedPolicy({ serial: 7, expires: '2197-01-01T00:00:00Z' });
    const reason =
      'the policy was valid until 2197-01-01T00:00:00Z (bulkhead.expires); by /var/lib/bulkhead-data';
    await expectRefused(policy, reason);
    await writeFile(time, before);
  });

  test('when its record is damaged: no record is something else', async () => {
    await writeFile(record(), '{"serial":');
    await expectRefused(
      signedPolicy({ serial: 6 }),
      '/var/lib/bulkhead-data/bulkhead/policy-serial.json, a record',
    );
    await rm(record());
    await (await start(signedPolicy({ serial: 6 }))).stop();
    expect(JSON.parse(await readFile(record(), 'utf8'))).toMatchObject({ serial: 6 });
  });
});
