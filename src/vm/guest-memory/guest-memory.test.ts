import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const build = mkdtempSync(join(tmpdir(), 'bulkhead-memory-'));
const program = join(build, 'guest-memory');
const isRoot = process.getuid?.() === 0;
const bytes = 8 * 1024 * 1024;
const hugePage = 2 * 1024 * 1024;
const nobody = 65_534;

beforeAll(() => {
  const made = spawnSync('make', ['-s', '-C', import.meta.dirname, `BUILD=${build}`, 'checked'], {
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(made.stderr);
  chmodSync(build, 0o755);
});
afterAll(() => rmSync(build, { recursive: true }));

interface Ran {
  readonly uid?: number;
  /** What starts it. */
  readonly by?: readonly string[];
}

function run(words: readonly string[], { uid, by = [] }: Ran = {}) {
  const [file = '', ...rest] = [...by, program, ...words];
  const as = uid === undefined ? {} : { uid, gid: uid };
  return spawnSync(file, rest, { encoding: 'utf8', cwd: '/', env: { PATH: '/usr/bin:/bin' }, ...as });
}

/** What a program says of the file, after it has opened it by its name as QEMU does and written a byte: its bytes, rights and owner; the bytes it takes; its names. */
const looks = [
  '-MFcntl=:DEFAULT',
  '-e',
  `my $f = '/proc/self/fd/7'; sysopen(my $h, $f, O_RDWR | O_CREAT) or die $!; syswrite($h, 'x') or die $!; my @s = stat $h;
   printf '%d %o %d %d %d', $s[7], $s[2] & 07777, $s[4], $s[12] * 512, $s[3];`,
];
const look = (ran: Ran = {}) => run(['7', String(bytes), '/usr/bin/perl', ...looks], ran);

test('the program has a file of huge pages that is nobody else’s and has no name', () => {
  expect(look()).toMatchObject({
    stdout: `${bytes} 600 ${process.getuid?.() ?? -1} ${hugePage} 0`,
    stderr: '',
    status: 0,
  });
});

test.runIf(isRoot)('as does that of a user who may mount nothing', () => {
  expect(look({ uid: nobody })).toMatchObject({
    stdout: `${bytes} 600 ${nobody} ${hugePage} 0`,
    stderr: '',
    status: 0,
  });
});

test.runIf(isRoot)('where the kernel lets nobody mount anything its pages are small', () => {
  const forbids = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"';
  const by = [
    'unshare',
    '--user',
    '--map-root-user',
    'sh',
    '-c',
    forbids,
    'sh',
    'setpriv',
    '--bounding-set=-all',
  ];
  expect(look({ by })).toMatchObject({ stdout: `${bytes} 777 0 4096 0`, stderr: '', status: 0 });
});

test('it needs nothing of what is mounted, and mounts nothing that anybody sees', () => {
  const mounts = (by: readonly string[]) =>
    spawnSync(by[0] ?? '', [...by.slice(1), '/proc/self/mountinfo'], { encoding: 'utf8' }).stdout;
  expect(mounts([program, '7', String(bytes), 'cat'])).toBe(mounts(['cat']));
});

test('a size that is no multiple of a huge page, to its last byte', () => {
  const odd = hugePage + 4096;
  const fills = `open(my $h, '+<', '/proc/self/fd/7') or die $!; print $h 'x' x ${odd} or die $!; close $h or die $!; print -s '/proc/self/fd/7'`;
  expect(run(['7', String(odd), '/usr/bin/perl', '-e', fills])).toMatchObject({
    stdout: String(odd),
    stderr: '',
  });
});

test('it is the program: process, descriptors, end', () => {
  const shown = ['/bin/sh', '-c', 'ls -1 /proc/$$/fd; echo $$; exit 3'] as const;
  const { pid, stdout, status } = run(['7', String(bytes), ...shown]);
  const without = spawnSync(shown[0], shown.slice(1), { encoding: 'utf8' }).stdout.split('\n').slice(0, -2);
  const [id, ...descriptors] = stdout.trim().split('\n').toReversed();
  expect({ id, status }).toEqual({ id: String(pid), status: 3 });
  expect(descriptors.toSorted()).toEqual([...without, '7'].toSorted());
});

test.each([
  [[]],
  [['7', '4096']],
  [['2', '4096', 'true']],
  [['256', '4096', 'true']],
  [['7x', '4096', 'true']],
  [['-7', '4096', 'true']],
  [['7', '0', 'true']],
  [['7', '-1', 'true']],
  [['7', '99999999999999999999', 'true']],
  [['', '', 'true']],
])('%j is no use of it', (words) => {
  expect(run(words)).toMatchObject({ status: 64, stdout: '' });
});

test('a program that is not there', () => {
  expect(run(['7', '4096', '/nowhere/qemu'])).toMatchObject({
    status: 1,
    stderr: 'guest-memory: /nowhere/qemu: No such file or directory\n',
  });
});
