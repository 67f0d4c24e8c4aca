import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { createLogger } from '../../common/log.js';
import { ManualClock } from '../../channel/test-support/manual-clock.js';
import { contentHash, keyIdOf, publicKeyText, signDocument } from '../../policy/index.js';
import { readHostRecords } from '../documents/index.js';
import { FakeBackend, type FakeVm } from '../fake/fake-backend.js';
import type { GuestLink } from '../guest-link.js';
import { instancePaths } from '../instance/paths.js';
import { makeInstanceDirectories } from '../instance/directories.js';
import type { VmStateName } from '../lifecycle/state.js';
import { mostMessages } from '../machine.js';
import { factsIn } from '../test-support/facts-in.js';
import { writeTinyImage } from '../test-support/tiny-image.js';
import { ControlClient } from './control-client.js';
import { serveControl } from './control-server.js';
import { Controller } from './controller.js';
import type { Progress } from './progress.js';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-controller-'));
});
afterEach(() => rm(directory, { recursive: true }));

const logger = createLogger('test', { write: () => undefined });

interface Overrides {
  readonly powerOff?: (vm: FakeVm) => Promise<void>;
  readonly connected?: Promise<void>;
  readonly openLink?: () => Promise<GuestLink>;
  /** The image demands what this key signed, and that is the policy. */
  readonly signed?: { readonly policyKey: string; readonly policy: string };
}

async function setUp(overrides: Overrides = {}) {
  const facts = factsIn(directory);
  const paths = { ...instancePaths('one', facts), policyRecords: [join(directory, 'policies')] as const };
  await makeInstanceDirectories(paths);
  const image = join(directory, 'image');
  const manifest = await writeTinyImage(image);
  const { signed } = overrides;
  if (signed !== undefined) {
    const { policyKey } = signed;
    await writeFile(join(image, 'manifest.json'), JSON.stringify({ ...manifest, policyKey }));
    await writeFile(join(directory, 'policy.json'), signed.policy);
  }
  const policy = signed === undefined ? undefined : join(directory, 'policy.json');
  const clock = new ManualClock();
  const started = Promise.withResolvers<FakeVm>();
  const backend = new FakeBackend((vm) => started.resolve(vm));
  const calls: string[] = [];
  let vm: FakeVm | undefined;
  const link: GuestLink = {
    connected: overrides.connected ?? Promise.resolve(),
    attach: () => void calls.push('attach'),
    onSession: () => undefined,
    egressClients: () => Promise.reject(new Error('nobody asks')),
    offerRelay: async () => undefined,
    ports: () => [],
    status: async () => ({ healthy: true }),
    explain: async (question) => ({ question }),
    signIn: async (question) => ({ question }),
    signOut: async () => ({ signedOut: true }),
    changeShares: async () => ({ kind: 'done' }),
    trim: async () => ({ trimmed: true }),
    async *logs() {
      yield '{}';
    },
    async *audit() {
      yield '{}';
    },
    powerOff: async () => {
      calls.push('power-off');
      if (vm !== undefined) await overrides.powerOff?.(vm);
    },
    close: async () => void calls.push('close'),
  };
  const controller = new Controller({
    paths,
    options: { image, policy, memoryMiB: 512, cpus: 1, dataSizeMiB: 512, timeoutMs: undefined },
    backend,
    clock,
    env: {},
    logger,
    openLink: overrides.openLink ?? (async () => link),
  });
  const seen: Progress[] = [];
  controller.progress.follow((progress) => seen.push(progress));
  const reached = (state: VmStateName) =>
    new Promise<void>((resolve) => {
      controller.progress.follow((progress) => {
        if (progress.kind === 'state' && progress.state === state) resolve();
      });
    });
  const final = controller.run();
  const untilStarted = async (): Promise<FakeVm> => (vm = await started.promise);
  return { controller, clock, calls, seen, reached, final, paths, image, untilStarted };
}

async function setUpReady(overrides: Overrides = {}) {
  const all = await setUp(overrides);
  const vm = await all.untilStarted();
  vm.say({ phase: 'kernel', uptimeMs: 1 });
  vm.say({ phase: 'engine-ready', uptimeMs: 2 });
  await all.reached('ready');
  return { ...all, vm };
}

const powersOff = async (vm: FakeVm): Promise<void> => {
  vm.say({ phase: 'powering-off' });
  vm.end({ kind: 'guest-shutdown' });
};

test('a guest that talks without end fills neither memory nor log', async () => {
  const { controller, untilStarted, final, seen } = await setUp({ powerOff: powersOff });
  const vm = await untilStarted();
  for (let round = 0; round < 2 * mostMessages; round += 1) {
    vm.say({ phase: round % 2 === 0 ? 'kernel' : 'init' });
    vm.say({ nonsense: round });
  }
  controller.down();
  await final;
  expect((await controller.status()).phases.length).toBeLessThan(mostMessages);
  expect(seen.length).toBeLessThan(mostMessages);
});

test('a whole life: verified, booted, ready, stopped in order', async () => {
  const { controller, vm, final, seen, calls } = await setUpReady({ powerOff: powersOff });
  expect(vm.spec.commandLine).toContain('bulkhead.verity=sha256,4096,4096,2,');
  const status = await controller.status();
  expect(status).toMatchObject({ state: 'ready', vmPid: 4242, accelerator: 'tcg', guest: { healthy: true } });
  expect(status.phases.map(({ phase }) => phase)).toEqual(['kernel', 'engine-ready']);
  controller.down();
  expect(await final).toEqual({ name: 'stopped' });
  expect(calls).toEqual(['attach', 'power-off', 'close']);
  const states = seen.map((progress) =>
    progress.kind === 'state' ? (progress.phase ?? progress.state) : 'note',
  );
  expect(states).toEqual(['verifying', 'starting', 'booting', 'kernel', 'ready', 'stopping', 'stopped']);
});

test('a policy goes along on a disk, and its serial is remembered once the guest has sealed it', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const plain = { configurationFileVersion: 2, bulkhead: { serial: 5 } };
  const signed = {
    policyKey: publicKeyText(publicKey),
    policy: JSON.stringify(signDocument(plain, privateKey)),
  };
  const { controller, untilStarted, reached, final, paths } = await setUp({ signed, powerOff: powersOff });
  const vm = await untilStarted();
  expect(vm.spec.documents).toMatchObject([{ name: 'policy', path: paths.documentDisks.policy }]);
  expect(vm.spec.commandLine).toContain(` bulkhead.policy=${signed.policy.length}`);
  vm.say({ phase: 'daemon' });
  await reached('booting');
  const keyId = keyIdOf(publicKey);
  expect(readHostRecords(paths.policyRecords, keyId)).toEqual([]);
  vm.say({ phase: 'policy-sealed' });
  vm.say({ phase: 'engine-ready' });
  await reached('ready');
  expect(readHostRecords(paths.policyRecords, keyId)).toMatchObject([
    { serial: 5, sha256: contentHash(plain) },
  ]);
  const sha256 = createHash('sha256').update(signed.policy).digest('hex');
  expect((await controller.status()).policy).toEqual({ file: join(directory, 'policy.json'), sha256 });
  controller.down();
  await final;
});

test('a policy that the image does not take is never started with', async () => {
  const { publicKey } = generateKeyPairSync('ed25519');
  const signed = { policyKey: publicKeyText(publicKey), policy: '{"configurationFileVersion": 2}' };
  const { final, controller } = await setUp({
    signed,
    openLink: () => Promise.reject(new Error('the link must not be opened')),
  });
  expect(await final).toMatchObject({ name: 'failed', cause: { code: 'BH_POLICY_UNSIGNED' } });
  expect((await controller.status()).vmPid).toBeNull();
});

test('ready means that the host reaches the guest', async () => {
  const connected = Promise.withResolvers<void>();
  const { controller, untilStarted, reached, final } = await setUp({ connected: connected.promise });
  const vm = await untilStarted();
  vm.say({ phase: 'engine-ready' });
  vm.say({ phase: 'daemon' });
  await reached('booting');
  expect(controller.state.name).toBe('booting');
  connected.resolve();
  await reached('ready');
  vm.end({ kind: 'guest-reset' });
  await final;
});

test('a guest of another version is given up with that cause', async () => {
  const error = new BulkheadError('BH_CHANNEL_VERSION', { guest: 2, host: 1 });
  const connected = Promise.reject(error);
  connected.catch(() => undefined);
  const { untilStarted, final } = await setUp({ connected });
  (await untilStarted()).say({ phase: 'engine-ready' });
  expect(await final).toMatchObject({ name: 'failed', cause: { code: 'BH_CHANNEL_VERSION' } });
});

test('a boot that takes too long is ended and names the last phase', async () => {
  const { untilStarted, reached, clock, final, paths } = await setUp();
  const vm = await untilStarted();
  vm.say({ phase: 'data-mounted' });
  await reached('booting');
  await clock.advanceWhenSleeping(300_000);
  expect(await final).toMatchObject({
    name: 'failed',
    cause: { code: 'BH_VM_BOOT_TIMEOUT', params: { seconds: 300, console: paths.consoleLog } },
  });
  expect((await vm.exited).kind).toBe('host-quit');
});

test('once ready there is no deadline any more', async () => {
  const { vm, clock, controller, final } = await setUpReady({ powerOff: powersOff });
  controller.down();
  // Only the deadline of the stop sleeps; the boot's would have been found first.
  await final;
  expect(clock.now()).toBe(0);
  expect((await vm.exited).kind).toBe('guest-shutdown');
});

/** The last two things a person is told. */
const lastWords = (seen: readonly Progress[]): unknown[] =>
  seen.slice(-2).map((one) => (one.kind === 'note' ? one.text : [one.state, one.inOrder]));

test('a guest that does not begin to stop in time is ended, and the person is told', async () => {
  const { controller, clock, final, vm, seen } = await setUpReady({ powerOff: async () => undefined });
  controller.down();
  await clock.advanceWhenSleeping(10_000);
  expect(await final).toEqual({ name: 'stopped' });
  expect((await vm.exited).kind).toBe('host-quit');
  expect(lastWords(seen)).toEqual([
    expect.stringMatching(/^The VM did not begin to stop within 10 s and was ended: /),
    ['stopped', false],
  ]);
});

test('a guest that has said it is powering off has three times as long', async () => {
  const { controller, clock, final, vm, seen } = await setUpReady({
    powerOff: async (vm) => vm.say({ phase: 'powering-off' }),
  });
  controller.down();
  await clock.advanceWhenSleeping(10_000);
  await clock.advanceWhenSleeping(20_000);
  expect(await final).toEqual({ name: 'stopped' });
  expect((await vm.exited).kind).toBe('host-quit');
  expect(lastWords(seen)).toEqual([
    expect.stringMatching(/^The VM had not stopped after 30 s and was ended: /),
    ['stopped', false],
  ]);
});

test.each([
  ['has answered', async () => undefined],
  ['ends before it has', () => Promise.reject(new Error('the channel has ended'))],
])('and one that is gone within that time and %s stopped in order', async (_, answer) => {
  const powerOff = async (vm: FakeVm): Promise<void> => {
    vm.say({ phase: 'powering-off' });
    return answer();
  };
  const { controller, clock, final, vm, seen } = await setUpReady({ powerOff });
  controller.down();
  await clock.advanceWhenSleeping(10_000);
  vm.end({ kind: 'guest-shutdown' });
  expect(await final).toEqual({ name: 'stopped' });
  expect(lastWords(seen).at(-1)).toEqual(['stopped', true]);
});

test('a guest that cannot be asked is ended at once, and the person is told', async () => {
  const { controller, clock, final, seen } = await setUpReady({
    powerOff: () => Promise.reject(new Error('no channel')),
  });
  controller.down();
  expect(await final).toEqual({ name: 'stopped' });
  expect(clock.now()).toBe(0);
  expect(lastWords(seen)).toEqual([
    expect.stringMatching(/^The VM could not be asked to stop and was ended: /),
    ['stopped', false],
  ]);
});

test('of one that was still booting nobody is warned: there was nothing to lose', async () => {
  const { controller, untilStarted, final, seen, reached } = await setUp({
    powerOff: () => Promise.reject(new Error('no channel')),
  });
  const vm = await untilStarted();
  vm.say({ phase: 'kernel' });
  await reached('booting');
  controller.down();
  await final;
  expect(lastWords(seen).at(-1)).toEqual(['stopped', true]);
});

test.each([
  [{ kind: 'killed', signal: 'SIGKILL' }, 'BH_VM_QEMU_KILLED'],
  [{ kind: 'guest-panic', detail: 'x' }, 'BH_VM_GUEST_PANIC'],
  [{ kind: 'guest-shutdown' }, 'BH_VM_GUEST_SHUTDOWN'],
] as const)('a ready VM that ends by $kind fails with its cause', async (exit, code) => {
  const { vm, final, calls } = await setUpReady();
  vm.end(exit);
  expect(await final).toMatchObject({ name: 'failed', cause: { code } });
  expect(calls).toContain('close');
});

test('a failure the guest reports while booting ends it with that cause', async () => {
  const { untilStarted, final, paths } = await setUp();
  (await untilStarted()).say({ failure: 'data-disk-corrupt', detail: 'bad superblock' });
  expect(await final).toMatchObject({
    name: 'failed',
    cause: { code: 'BH_DATA_DISK_CORRUPT', params: { dataDisk: paths.dataDisk, reason: 'bad superblock' } },
  });
});

test('an engine that fails later does not end the VM: containers may be running', async () => {
  const { vm, controller, final } = await setUpReady({ powerOff: powersOff });
  vm.say({ failure: 'engine-failed', detail: 'exit 2' });
  vm.say({ phase: 'daemon' });
  expect(controller.state.name).toBe('ready');
  controller.down();
  expect(await final).toEqual({ name: 'stopped' });
});

test('a damaged image is never started', async () => {
  const env = await setUp({
    openLink: () => Promise.reject(new Error('the link must not be opened')),
  });
  env.controller.down();
  await env.final;
  await writeFile(join(env.image, 'kernel'), 'KERNEL');
  const { final, controller } = await restart(env);
  expect(await final).toMatchObject({ name: 'failed', cause: { code: 'BH_IMAGE_CORRUPT' } });
  expect((await controller.status()).vmPid).toBeNull();
});

async function restart({ paths, image, clock }: Awaited<ReturnType<typeof setUp>>) {
  const controller = new Controller({
    paths,
    options: { image, memoryMiB: 512, cpus: 1, dataSizeMiB: 512, timeoutMs: undefined },
    backend: new FakeBackend(() => {
      throw new Error('started');
    }),
    clock,
    env: {},
    logger,
    openLink: () => Promise.reject(new Error('opened')),
  });
  return { controller, final: controller.run() };
}

test('told to stop while it verifies, it stops without having started', async () => {
  const { controller, final, seen } = await setUp();
  controller.down();
  expect(await final).toEqual({ name: 'stopped' });
  expect(seen.map((progress) => progress.kind === 'state' && progress.state)).not.toContain('starting');
});

test('a taken socket costs no boot', async () => {
  const { final, seen } = await setUp({
    openLink: () => Promise.reject(new BulkheadError('BH_SOCKET_TAKEN', { path: '/x' })),
  });
  expect(await final).toMatchObject({ name: 'failed', cause: { code: 'BH_SOCKET_TAKEN' } });
  expect(seen.map((progress) => progress.kind === 'state' && progress.state)).not.toContain('booting');
});

test('signing in is passed on to the guest, and no more than a token has', async () => {
  const { controller, final, paths } = await setUpReady({ powerOff: powersOff });
  const server = await serveControl(paths.controllerSocket, controller);
  const client = new ControlClient({ name: 'one', pid: 1, socket: paths.controllerSocket, log: 'log' });
  expect(await client.signIn({ idToken: 'a.b.c' })).toEqual({ question: { idToken: 'a.b.c' } });
  expect(await client.signOut()).toEqual({ signedOut: true });
  await expect(client.signIn({ idToken: 'x'.repeat(70_000) })).rejects.toMatchObject({ code: 'BH_INTERNAL' });
  server.close();
  controller.down();
  await final;
});

test('a VM that was booted without directories takes none while it runs, and says how it does; one that boots takes nothing', async () => {
  const { controller, untilStarted, reached, final } = await setUp({ powerOff: powersOff });
  const change = { kind: 'add', share: { path: directory, readOnly: false } } as const;
  const vm = await untilStarted();
  await expect(controller.changeShares(change)).rejects.toMatchObject({ code: 'BH_INSTANCE_NOT_READY' });
  vm.say({ phase: 'kernel', uptimeMs: 1 });
  vm.say({ phase: 'engine-ready', uptimeMs: 2 });
  await reached('ready');
  await expect(controller.changeShares(change)).rejects.toThrow(
    'Restart needed: the VM was booted without shared directories',
  );
  await expect(controller.changeShares(change)).rejects.toMatchObject({ code: 'BH_SHARE_RESTART' });
  expect((await controller.status()).shares).toEqual([]);
  controller.down();
  await final;
});
