import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { writeTinyImage } from '../vm/test-support/tiny-image.js';

/** The built command with a fake QEMU: every process is real, only the guest is not. `tsc --build` comes first. */
const dist = fileURLToPath(new URL('../../dist', import.meta.url));

let directory = '';
let env: NodeJS.ProcessEnv = {};
const used = new Set<string>();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bh-cli-'));
  const qemu = join(directory, 'qemu');
  await writeFile(qemu, `#!/bin/sh\nexec ${process.execPath} ${dist}/vm/test-support/fake-qemu.js "$@"\n`);
  await chmod(qemu, 0o755);
  await writeTinyImage(join(directory, 'image'));
  env = {
    PATH: process.env['PATH'],
    BULKHEAD_QEMU: qemu,
    BULKHEAD_IMAGE: join(directory, 'image'),
    XDG_STATE_HOME: directory,
    XDG_RUNTIME_DIR: directory,
    XDG_CACHE_HOME: directory,
    XDG_CONFIG_HOME: directory,
    // `up` keeps a Docker context, which must not be that of whoever runs the tests.
    DOCKER_CONFIG: join(directory, 'docker'),
  };
});

afterEach(async () => {
  await Promise.all([...used].map((name) => bulkhead(['down', '--name', name])));
  used.clear();
});
afterAll(() => rm(directory, { recursive: true }));

interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function start(args: readonly string[], extra: NodeJS.ProcessEnv = {}): ChildProcess {
  const name = args[args.indexOf('--name') + 1];
  if (name !== undefined && args.includes('--name')) used.add(name);
  return spawn(process.execPath, [join(dist, 'cli/main.js'), ...args], { env: { ...env, ...extra } });
}

async function bulkhead(args: readonly string[], extra: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const child = start(args, extra);
  const text = { out: '', err: '' };
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (text.out += chunk));
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (text.err += chunk));
  await once(child, 'close');
  return { status: child.exitCode, ...text };
}

const statusSchema = z.looseObject({ state: z.string(), pid: z.int().optional(), vmPid: z.int().nullish() });

async function status(name: string) {
  return statusSchema.parse(JSON.parse((await bulkhead(['status', '--json', '--name', name])).out));
}

/** Of the process with this number there is nothing left but, perhaps, its exit status. */
async function isGone(pid: number): Promise<boolean> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')) === '';
}

test('up, use, down, and up again', async () => {
  const up = await bulkhead(['up', '--name', 'ok']);
  expect(up).toMatchObject({ status: 0, out: '' });
  expect(up.err).toContain('engine ready');

  const shown = await bulkhead(['env', '--name', 'ok']);
  expect(shown.out).toBe(`export DOCKER_HOST=unix://${directory}/bulkhead/ok/docker.sock\n`);
  const socket = `${directory}/bulkhead/ok/docker.sock`;
  expect((await stat(socket)).mode & 0o777).toBe(0o600);
  const connection = connect(socket);
  connection.write('ping');
  expect(String((await once(connection, 'data'))[0])).toBe('ping');
  connection.destroy();

  const again = await bulkhead(['up', '--name', 'ok']);
  expect(again).toMatchObject({ status: 0 });
  expect(again.err).toContain('already running');

  expect((await bulkhead(['logs', '--name', 'ok'])).out).toBe('dockerd fake line\n');
  expect((await bulkhead(['audit', '--name', 'ok', '--since', '1h'])).out).toMatch(
    /^4 lines were passed over/,
  );
  expect((await bulkhead(['audit', '--name', 'ok', '--json'])).out).toBe('{"kind":"behind","count":3}\n');
  const followed = start(['logs', '--follow', '--name', 'ok']);
  followed.stdout?.once('data', () => followed.kill('SIGINT'));
  await once(followed, 'close');
  expect(followed.exitCode).toBe(130);
  const { pid = 0, vmPid } = await status('ok');
  expect(await bulkhead(['down', '--name', 'ok'])).toMatchObject({ status: 0 });
  expect(await Promise.all([pid, vmPid ?? 0].map(isGone))).toEqual([true, true]);
  await expect(stat(socket)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await status('ok')).toMatchObject({ state: 'stopped' });

  expect(await bulkhead(['up', '--name', 'ok', '--json'])).toMatchObject({ status: 0 });
  const down = await bulkhead(['down', '--name', 'ok', '--json']);
  expect([down.status, JSON.parse(down.out)]).toEqual([0, { name: 'ok', state: 'stopped', inOrder: true }]);
  const downAgain = await bulkhead(['down', '--name', 'ok', '--json']);
  expect([downAgain.status, JSON.parse(downAgain.out)]).toEqual([
    0,
    { name: 'ok', state: 'stopped', inOrder: null },
  ]);
}, 60_000);

test('two instances do not disturb each other', async () => {
  const both = await Promise.all([bulkhead(['up', '--name', 'a1']), bulkhead(['up', '--name', 'a2'])]);
  expect(both.map((one) => one.status)).toEqual([0, 0]);
  await bulkhead(['down', '--name', 'a1']);
  expect((await status('a2')).state).toBe('ready');
  expect((await status('a1')).state).toBe('stopped');
}, 60_000);

test('kill -9 of the controller: no orphan, a cause, and the next up works', async () => {
  await bulkhead(['up', '--name', 'kc']);
  const { pid = 0, vmPid } = await status('kc');
  const watched = start(['logs', '--name', 'kc']);
  await once(watched, 'close');
  process.kill(pid, 'SIGKILL');
  // The socket pairs close with the processes that hold them: `status` is asked until both are gone.
  while (!(await isGone(pid)) || !(await isGone(vmPid ?? 0))) await status('kc');
  const after = await bulkhead(['status', '--name', 'kc']);
  expect(after).toMatchObject({ status: 69 });
  expect(after.err).toContain(`error BH_CONTROLLER_CRASHED: `);
  expect(after.err).toContain(`process ${pid} is gone; the VM was ready`);
  const up = await bulkhead(['up', '--name', 'kc']);
  expect(up.status).toBe(0);
  expect(up.err).toContain('Last time: ');
}, 60_000);

test('kill -9 of QEMU: the controller ends with the cause', async () => {
  await bulkhead(['up', '--name', 'kq']);
  const { pid = 0, vmPid } = await status('kq');
  process.kill(vmPid ?? 0, 'SIGKILL');
  while (!(await isGone(pid))) await status('kq');
  const after = await bulkhead(['status', '--name', 'kq']);
  expect(after.err).toMatch(/error BH_VM_QEMU_KILLED: QEMU was ended by SIGKILL after phase engine-ready/);
  expect((await bulkhead(['up', '--name', 'kq'])).status).toBe(0);
}, 60_000);

test('SIGTERM of the controller is an orderly down', async () => {
  await bulkhead(['up', '--name', 'st']);
  const { pid = 0 } = await status('st');
  process.kill(pid, 'SIGTERM');
  while (!(await isGone(pid))) await status('st');
  expect((await status('st')).state).toBe('stopped');
}, 60_000);

test.each([
  ['hang', ['--timeout', '1'], 'BH_VM_BOOT_TIMEOUT', 75],
  ['die', [], 'BH_QEMU_UNUSABLE', 69],
  ['panic', [], 'BH_VM_GUEST_PANIC', 69],
  ['verity', [], 'BH_VM_ROOT_CORRUPT', 65],
  ['disk', [], 'BH_DATA_DISK_CORRUPT', 65],
])(
  'a VM that ends by %s',
  async (name, options, code, exitCode) => {
    const up = await bulkhead(['up', '--name', name, ...options]);
    expect(up.err).toMatch(new RegExp(`^error ${code}: `, 'm'));
    expect(up.status).toBe(exitCode);
    expect(up.err).not.toContain('    at ');
    const later = await bulkhead(['status', '--name', name]);
    expect(later).toMatchObject({ status: exitCode });
  },
  60_000,
);

test('a QEMU that crashes while the guest boots: its own words are in `up`, in `status` afterwards and in the log', async () => {
  const words =
    /^error BH_VM_QEMU_CRASHED: QEMU crashed \(SIGABRT\) after phase .*: fake: .*Assertion `y` failed\./m;
  const up = await bulkhead(['up', '--name', 'crash']);
  const later = await bulkhead(['status', '--name', 'crash']);
  for (const { status, err } of [up, later]) {
    expect(err).toMatch(words);
    expect(status).toBe(69);
  }
  const log = await readFile(join(directory, 'bulkhead', 'crash', 'controller.log'), 'utf8');
  expect(log).toContain('Assertion `y` failed');
}, 60_000);

test('one that crashes before the guest has begun is started once more, and not twice', async () => {
  const again = 'warning: QEMU crashed before the VM had begun, so it is started once more.';
  const recovered = await bulkhead(['up', '--name', 'once']);
  expect(recovered.err).toContain(again);
  expect(recovered.status).toBe(0);
  expect((await status('once')).state).toBe('ready');
  await bulkhead(['down', '--name', 'once']);

  const { err, status: end } = await bulkhead(['up', '--name', 'early']);
  expect(err.split(again)).toHaveLength(2);
  expect(err).toMatch(/^error BH_VM_QEMU_CRASHED: QEMU crashed \(SIGABRT\) after the start of its kernel: /m);
  expect(end).toBe(69);
}, 60_000);

test('a socket path another program listens on', async () => {
  await bulkhead(['up', '--name', 'tk']);
  await bulkhead(['down', '--name', 'tk']);
  const other = createServer().listen(`${directory}/bulkhead/tk/docker.sock`);
  await once(other, 'listening');
  const up = await bulkhead(['up', '--name', 'tk']);
  expect(up.err).toContain('error BH_SOCKET_TAKEN: ');
  other.close();
  expect((await bulkhead(['up', '--name', 'tk'])).status).toBe(0);
}, 60_000);

test('no QEMU, a damaged image, a wrong name', async () => {
  const none = await bulkhead(['up', '--name', 'nq'], { BULKHEAD_QEMU: '/nonexistent' });
  expect(none).toMatchObject({ status: 69 });
  expect(none.err).toContain('error BH_QEMU_MISSING: ');
  const image = join(directory, 'damaged');
  await writeTinyImage(image);
  await writeFile(join(image, 'kernel'), 'KERNEL');
  const damaged = await bulkhead(['up', '--name', 'nq', '--image', image]);
  expect(damaged).toMatchObject({ status: 65 });
  expect(damaged.err).toContain(`error BH_IMAGE_CORRUPT: The VM image file ${image}/kernel`);
  expect(await bulkhead(['up', '--name', 'A'])).toMatchObject({ status: 64 });
}, 60_000);

test('Ctrl-C while it boots stops the VM', async () => {
  const up = start(['up', '--name', 'hang-c']);
  const { stderr } = up;
  if (stderr === null) throw new Error('no output');
  const closed = once(up, 'close');
  for await (const chunk of stderr) if (String(chunk).includes('init')) up.kill('SIGINT');
  await closed;
  expect(up.exitCode).toBe(130);
  expect((await status('hang-c')).state).toBe('stopped');
}, 60_000);

test('a VM that says nothing of itself: status answers at once, and says what is missing', async () => {
  await bulkhead(['up', '--name', 'mute']);
  const told = await bulkhead(['status', '--name', 'mute']);
  expect(told).toMatchObject({ status: 0 });
  expect(told.out).toMatch(/^mute\n {2}WARNING {4}the VM did not answer/);
  expect(told.out).toContain('data disk  ');
  const document = z
    .object({
      state: z.string(),
      guest: z.null(),
      guestAnswered: z.literal(false),
      warnings: z.array(z.string()),
    })
    .parse(JSON.parse((await bulkhead(['status', '--name', 'mute', '--json'])).out));
  expect(document.warnings[0]).toContain('did not answer');
}, 60_000);

test('a VM that answers: its own word, when it said it, and what the host knows', async () => {
  await bulkhead(['up', '--name', 'said']);
  // A guest has 2 s, which on a machine that does much else may not do at once.
  let out = '';
  while (!out.includes('"guestAnswered":true'))
    ({ out } = await bulkhead(['status', '--name', 'said', '--json', '--fresh']));
  const facts = z.looseObject({
    guest: z.object({ fake: z.literal(true) }),
    guestAnswered: z.literal(true),
    guestAt: z.iso.datetime(),
    stateSince: z.iso.datetime(),
    memoryMiB: z.literal(2048),
    warnings: z.tuple([]),
    host: z.object({
      dataDisk: z.object({ sizeBytes: z.literal(64 * 1024 ** 3) }),
      vmResidentBytes: z.number(),
    }),
  });
  expect(facts.safeParse(JSON.parse(out)).error).toBeUndefined();
}, 60_000);

test.runIf(process.platform === 'linux')(
  '`share add` to a VM that was booted without directories: a restart is needed, and the next start takes it',
  async () => {
    // Settings of its own: what this writes each `up` would go by.
    const own = { XDG_CONFIG_HOME: join(directory, 'sharing') };
    const shared = join(directory, 'shared');
    await mkdir(shared);
    expect(await bulkhead(['up', '--name', 'restart'], own)).toMatchObject({ status: 0 });
    const { status, err } = await bulkhead(['share', 'add', shared, '--name', 'restart'], own);
    expect([status, err]).toEqual([
      0,
      'Restart needed: the VM was booted without shared directories, so its memory is not one that their servers can see. `bulkhead down`, then `bulkhead up`.\nThe next start shares it.\n',
    ]);
    const list = await bulkhead(['share', 'list', '--json', '--name', 'restart'], own);
    expect(JSON.parse(list.out)).toMatchObject({ now: [], settings: [{ path: shared, readOnly: false }] });
    await bulkhead(['down', '--name', 'restart'], own);
    // The image of this test has no server, without which none is shared: the start goes by what was written.
    const next = await bulkhead(['up', '--name', 'restart'], own);
    expect([next.status, next.err]).toEqual([
      78,
      expect.stringContaining(`${shared} can't be shared with the VM: the image`),
    ]);
  },
  60_000,
);

/** A Docker client that writes down what it is asked for, and fails. */
async function failingDocker() {
  const programs = await mkdtemp(join(directory, 'programs-'));
  const calls = join(programs, 'calls');
  const script = `#!/bin/sh\necho "$@" >> '${calls}'\necho 'no room' >&2\nexit 1\n`;
  await writeFile(join(programs, 'docker'), script, { mode: 0o755 });
  return { calls, extra: { PATH: `${programs}:${process.env['PATH'] ?? ''}` } };
}

/** Where no other user can put a socket: root's, or what logind makes. */
const closed = process.getuid?.() === 0 ? '/run' : `/run/user/${process.getuid?.()}`;

test.runIf(existsSync(closed))(
  'a Docker client that fails does not make `up` fail, and is not asked where nobody wants it',
  async () => {
    const runtime = await mkdtemp(join(closed, 'bh-'));
    onTestFinished(() => rm(runtime, { recursive: true }));
    const { calls, extra: programs } = await failingDocker();
    const extra = { ...programs, XDG_RUNTIME_DIR: runtime };
    const without = await bulkhead(['up', '--name', 'ctx', '--no-context'], extra);
    expect(without).toMatchObject({ status: 0 });
    await expect(stat(calls)).rejects.toMatchObject({ code: 'ENOENT' });
    const again = await bulkhead(['up', '--name', 'ctx', '--use-context'], extra);
    expect(again).toMatchObject({ status: 0 });
    expect(again.err).toContain("warning: Docker's context bulkhead-ctx was not made: no room");
    expect(await readFile(calls, 'utf8')).toMatch(
      /^context inspect bulkhead-ctx\ncontext create bulkhead-ctx /,
    );
    await bulkhead(['down', '--name', 'ctx'], extra);
  },
  60_000,
);

test('no context leads where others could put a socket, and `up` says so and what to do', async () => {
  const { calls, extra } = await failingDocker();
  const shared = join(directory, 'sticky');
  await mkdir(join(shared, 'run'), { recursive: true, mode: 0o700 });
  await chmod(shared, 0o1777);
  const env = { ...extra, XDG_RUNTIME_DIR: join(shared, 'run') };
  const { status, err } = await bulkhead(['up', '--name', 'open', '--use-context'], env);
  expect(status).toBe(0);
  expect(err).toMatch(
    /warning: No Docker context was made: other users may write to \/.*Let XDG_RUNTIME_DIR name/,
  );
  expect(await readFile(calls, 'utf8')).toBe('context inspect bulkhead-open\n');
  await bulkhead(['down', '--name', 'open'], env);
}, 60_000);

test('doctor tells, changes nothing, and says by its status whether something is to be mended', async () => {
  await bulkhead(['up', '--name', 'doc', '--no-context']);
  const { pid = 0 } = await status('doc');
  process.kill(pid, 'SIGKILL');
  while (!(await isGone(pid))) await status('doc');
  const files = async (): Promise<string[]> => {
    const names = await readdir(directory, { recursive: true });
    const found = await Promise.all(
      names.map(async (name) => `${name} ${(await lstat(join(directory, name))).mtimeMs}`),
    );
    return found.toSorted();
  };
  const before = await files();
  const { out, status: exitCode } = await bulkhead(['doctor', '--json', '--name', 'doc']);
  expect(await files()).toEqual(before);
  const finding = z.object({
    check: z.string(),
    level: z.enum(['ok', 'warning', 'problem']),
    text: z.string(),
    cure: z.string().nullable(),
  });
  const { worst, checks } = z
    .object({ name: z.literal('doc'), worst: z.string(), checks: z.array(finding) })
    .parse(JSON.parse(out));
  const texts = checks.map(({ check, level, text }) => `${check} ${level} ${text}`);
  expect(texts.find((text) => text.startsWith('qemu'))).toMatch(/^qemu ok QEMU 10\.0\.99/);
  expect(texts.find((text) => text.startsWith('image'))).toMatch(/^image ok /);
  expect(texts.find((text) => text.includes(' doc: '))).toMatch(/^leftovers warning doc: The controller/);
  expect(exitCode).toBe(worst === 'problem' ? 78 : 0);
  const none = await bulkhead(['doctor', '--name', 'doc'], { BULKHEAD_IMAGE: join(directory, 'nothing') });
  expect(none).toMatchObject({ status: 78 });
  expect(none.out).toMatch(/^PROBLEM +image +The VM image is incomplete/m);
}, 60_000);

test('what a shell asks while a person types', async () => {
  await bulkhead(['up', '--name', 'typed', '--no-context']);
  const asked = async (...words: string[]): Promise<string> =>
    (await bulkhead(['complete', '--', ...words])).out;
  expect(await asked('down', '--name', 'ty')).toBe('words\ntyped\tinstance\n');
  expect(await asked('stat')).toMatch(/^words\nstatus\t/);
  expect(await asked('settings', 'set', 'bulkhead.mem')).toMatch(/^words\nbulkhead\.memoryMiB\t/);
  expect(await asked('up', '--policy', '')).toBe('files\n');
}, 60_000);
