import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLines } from '../../common/line-reader.js';

const build = mkdtempSync(join(tmpdir(), 'bulkhead-deepen-'));
const program = join(build, 'deepen-backlog');
const isRoot = process.getuid?.() === 0;
const [other, another] = [54_321, 54_322];
const started: ChildProcess[] = [];

beforeAll(() => {
  const made = spawnSync('make', ['-s', '-C', import.meta.dirname, `BUILD=${build}`, 'checked'], {
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(made.stderr);
  chmodSync(build, 0o755);
});
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(build, { recursive: true });
});

const as = (uid: number | undefined) => (isRoot && uid !== undefined ? { uid, gid: uid } : {});

/** A process that listens with a queue of one and takes nothing, and its port. */
async function listener(uid?: number): Promise<{ readonly pid: number; readonly port: number }> {
  const script =
    "use IO::Socket::INET; my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die; $| = 1; print $s->sockport, qq(\\n); sleep 600";
  const child = spawn('/usr/bin/perl', ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'], ...as(uid) });
  started.push(child);
  const line = await new Promise<string>((resolve) => void readLines(child.stdout, resolve));
  return { pid: child.pid ?? 0, port: Number(line) };
}

/** How many of fifty connections begun in one moment the kernel takes without another try of theirs, a second later. */
async function taken(port: number): Promise<number> {
  const sockets = Array.from({ length: 50 }, () => connect(port, '127.0.0.1').setTimeout(700));
  const outcomes = sockets.map((socket) =>
    Promise.race([once(socket, 'connect').then(() => 1), once(socket, 'timeout').then(() => 0)]),
  );
  const counted = await Promise.all(outcomes);
  for (const socket of sockets) socket.destroy();
  return counted.reduce<number>((sum, one) => sum + one, 0);
}

const run = (pid: number | string, uid?: number) =>
  spawnSync(program, [String(pid)], { encoding: 'utf8', ...as(uid) });

test('more wait than the process asked for', async () => {
  const { pid, port } = await listener();
  expect(await taken(port)).toBe(2);
  expect(run(pid)).toMatchObject({ status: 0, stderr: '' });
  expect(await taken(port)).toBeGreaterThan(45);
});

test.runIf(isRoot)(
  'it needs no rights but those of the user who runs the process, which nobody else has',
  async () => {
    const { pid, port } = await listener(other);
    expect(run(pid, another)).toMatchObject({ status: 1, stderr: 'deepen-backlog: Permission denied\n' });
    expect(await taken(port)).toBe(2);
    expect(run(pid, other)).toMatchObject({ status: 0, stderr: '' });
    expect(await taken(port)).toBeGreaterThan(45);
  },
);

test('a UDP port, which anybody could bind as well, is nobody else’s afterwards', async () => {
  const udp = (port: number): string =>
    `use IO::Socket::INET; my $s = IO::Socket::INET->new(Proto => 'udp', ReuseAddr => 1, LocalAddr => '127.0.0.1', LocalPort => ${port}) or die "$!"; $| = 1; print $s->sockport, qq(\\n);`;
  const holder = spawn('/usr/bin/perl', ['-e', `${udp(0)} sleep 600`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(holder);
  const port = Number(await new Promise<string>((resolve) => void readLines(holder.stdout, resolve)));
  const second = () => spawnSync('/usr/bin/perl', ['-e', udp(port)], { encoding: 'utf8' });
  expect(second()).toMatchObject({ status: 0 });
  expect(run(holder.pid ?? 0)).toMatchObject({ status: 0, stderr: '' });
  expect(second().stderr).toContain('Address already in use');
});

test('the program it becomes has its pid, arguments and descriptors', () => {
  const { status, stdout, pid } = spawnSync(
    program,
    ['--by-parent', 'sh', '-c', 'echo $$ "$0"; exit 7', 'a b'],
    {
      encoding: 'utf8',
    },
  );
  expect([status, stdout]).toEqual([7, `${pid} a b\n`]);
});

test('a program that is not there is named', () => {
  const outcome = spawnSync(program, ['--by-parent', '/none/qemu'], { encoding: 'utf8' });
  expect(outcome).toMatchObject({ status: 127, stderr: '/none/qemu: No such file or directory\n' });
});

test.each(['', '0', '-1', 'all', '1x', '--by-parent', '4294967297'])('%j is no process', (pid) => {
  expect(run(pid).status).toBe(64);
});
