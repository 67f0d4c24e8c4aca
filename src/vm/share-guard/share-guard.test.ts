import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deviceText } from '../../common/mountinfo.js';

/** A shell stands in for the server: what it can do in the share, a guest that has taken the server over can. */
const build = mkdtempSync('/tmp/bulkhead-share-guard-');
const guard = join(build, 'share-guard');
let share = '';
let count = 0;

const isRoot = process.getuid?.() === 0;
/** Root, and a user without privileges; where the tests have no privileges, that user alone. */
const users = isRoot ? [0, 54_321] : [process.getuid?.() ?? 0];

beforeAll(() => {
  const made = spawnSync('make', ['-s', '-C', import.meta.dirname, `BUILD=${build}`, 'checked'], {
    encoding: 'utf8',
  });
  if (made.status !== 0) throw new Error(made.stderr);
  chmodSync(build, 0o755);
});
afterAll(() => rmSync(build, { recursive: true, force: true }));

/** A share of that user's, with a directory and a file that are to be hidden. */
function makeShare(user: number): void {
  share = join(build, `share${count++}`);
  mkdirSync(join(share, 'state/bulkhead'), { recursive: true });
  writeFileSync(join(share, 'state/bulkhead/key'), 'secret');
  writeFileSync(join(share, 'mounted'), 'secret');
  writeFileSync(join(share, 'file'), 'shown');
  const all = ['', ...readdirSync(share, { recursive: true, encoding: 'utf8' })];
  for (const name of all) chownSync(join(share, name), user, user);
}

/** As the controller names what is to be hidden: by what it is, and where. */
function named(relative: string, found = relative): string {
  const { dev, ino } = statSync(join(share, found), { bigint: true });
  return `${deviceText(dev)}:${ino}:${relative}`;
}

interface Run {
  readonly user?: number;
  /** Names that are there, or what stands behind `--hide`. */
  readonly hide?: readonly string[];
  readonly path?: string;
}

function run(script: string, { user = users[0] ?? 0, hide = [], path = share }: Run = {}) {
  const directory = openSync(share, 'r');
  const words = [
    ['--directory', '3', '--path', path, '--socket', `${share}.sock${user}`],
    ...hide.map((one) => ['--hide', /^\d+:/.test(one) ? one : named(one)]),
    ['--', '/bin/sh', '-c', script],
  ].flat();
  const as = ['--reuid', String(user), '--regid', String(user), '--clear-groups', guard];
  chmodSync(build, 0o777);
  const [program, ...args] = isRoot ? ['setpriv', ...as, ...words] : [guard, ...words];
  const result = spawnSync(program ?? '', args, {
    stdio: ['ignore', 'pipe', 'pipe', directory],
    encoding: 'utf8',
  });
  closeSync(directory);
  return result;
}

test.each(users)('user %i sees the share at its place, as root, without what is hidden', (user) => {
  makeShare(user);
  const script = [
    'cd /sys; id -u; ls -A; cat file; ls -A state/bulkhead; cat mounted',
    'echo x > state/bulkhead/new; echo x > mounted; rm -r state/bulkhead; rm mounted; rmdir state',
    'mkdir made; echo new > made/file; stat -c %u:%g made',
    '[ -S /proc/self/fd/3 ] && echo listens; ls /proc/self/fd | wc -w',
  ].join('\n');
  const { stdout, stderr, status } = run(script, {
    user,
    hide: ['state/bulkhead', 'mounted'],
  });
  const seen = ['file', 'mounted', 'state'];
  expect(stdout.trim().split('\n')).toEqual(['0', ...seen, 'shown0:0', 'listens', '5']);
  expect(stderr.match(/Read-only file system/g)).toHaveLength(2);
  expect(stderr.match(/busy/g)?.length).toBeGreaterThanOrEqual(2);
  expect(status).toBe(0);
  expect(lstatSync(join(share, 'state/bulkhead/key')).size).toBe(6);
  expect(lstatSync(join(share, 'mounted')).size).toBe(6);
  expect(lstatSync(join(share, 'made/file'))).toMatchObject({ uid: user, gid: user });
});

test.each(users)('user %i can leave neither set-user-ID programs nor device nodes', (user) => {
  makeShare(user);
  const attempts = [
    'chmod 4755 file',
    'chmod 2755 file',
    'chmod u+s file',
    'mkdir -m 2755 directory',
    'mknod b b 7 0',
    'mknod c c 1 5',
    'cp /bin/true own && chmod 6755 own',
  ];
  // openat2(2): AT_FDCWD, O_WRONLY | O_CREAT | O_EXCL, mode 04755. virtiofsd makes files with it where it can.
  const byMemory = `perl -e '$f = "by-memory"; $how = pack("Q3", 0301, 04755, 0); syscall(437, -100, $f, $how, 24) >= 0 or die "$!\\n"' && echo ALLOWED`;
  // renameat2(2), RENAME_WHITEOUT: what it leaves is a character device (0:0), for which nobody needs a right.
  const whiteout = `mkfifo gone; perl -e '($f, $t) = ("gone", "there"); syscall(316, -100, $f, -100, $t, 4) == 0 or die "$!\\n"' && echo ALLOWED WHITEOUT; mv gone there`;
  const script = [
    'cd /sys; umask 0',
    ...attempts.map((attempt) => `${attempt} && echo "ALLOWED ${attempt}"`),
    byMemory,
    whiteout,
    'mkfifo pipe && chmod 1777 . && chmod 755 file && echo fine',
  ].join('\n');
  const { stdout, stderr } = run(script, { user });
  expect(stdout).toBe('fine\n');
  expect(stderr.match(/Operation not permitted/g)).toHaveLength(attempts.length + 1);
  expect(stderr).toContain('Function not implemented');
  for (const name of readdirSync(share, { recursive: true, encoding: 'utf8' })) {
    const stat = lstatSync(join(share, name));
    expect([name, stat.mode & 0o6000, stat.isCharacterDevice() || stat.isBlockDevice()]).toEqual([
      name,
      0,
      false,
    ]);
  }
});

test('the server may open as many files as the user', () => {
  makeShare(users[0] ?? 0);
  const directory = openSync(share, 'r');
  const words = ['--directory', '3', '--path', share, '--socket', `${share}.sock`, '--', '/bin/sh', '-c'];
  const { stdout } = spawnSync('prlimit', ['--nofile=64:4096', guard, ...words, 'ulimit -Sn; ulimit -Hn'], {
    stdio: ['ignore', 'pipe', 'pipe', directory],
    encoding: 'utf8',
  });
  closeSync(directory);
  expect(stdout).toBe('4096\n4096\n');
});

test.each(users)('user %i cannot put another directory above what is hidden', (user) => {
  makeShare(user);
  mkdirSync(join(share, 'state/other'));
  chownSync(join(share, 'state/other'), user, user);
  const hide = ['state/bulkhead', 'state/other'];
  const script =
    'cd /sys; mv state elsewhere && echo MOVED; mv state/bulkhead b && echo MOVED; ls -A state/bulkhead state/other; echo x > state/fine; mv state/fine state/renamed; ls state';
  const { stdout, stderr } = run(script, { user, hide });
  expect(stdout).toBe('state/bulkhead:\n\nstate/other:\nbulkhead\nother\nrenamed\n');
  expect(stderr.match(/busy/g)).toHaveLength(2);
  expect(lstatSync(join(share, 'state/bulkhead/key')).size).toBe(6);
});

test('a directory that has taken the place of the one that was judged is not shared', () => {
  makeShare(users[0] ?? 0);
  const other = `${share}-other`;
  mkdirSync(other);
  const { stderr, status } = run('true', { path: other });
  expect([stderr, status]).toEqual([`${other}: another directory has taken its place\n`, 1]);
});

test('a link on the way to what is to be hidden is no way out', () => {
  makeShare(users[0] ?? 0);
  renameSync(join(share, 'state'), join(share, 'moved'));
  symlinkSync('moved', join(share, 'state'));
  const { stderr, status } = run('true', { hide: [named('state/bulkhead', 'moved/bulkhead')] });
  expect(stderr).toMatch(/^state\/bulkhead: /);
  expect(status).toBe(1);
});

test.each(users)('user %i is served nothing when what is to be hidden is not what it was', (user) => {
  makeShare(user);
  const [directory, file] = ['state/bulkhead', 'mounted'].map((name) => named(name));
  const hide = [directory ?? '', file ?? ''];
  expect(run('true', { user, hide }).status).toBe(0);
  renameSync(join(share, 'mounted'), join(share, 'elsewhere'));
  const gone = run('echo SERVED', { user, hide });
  expect([gone.stdout, gone.stderr, gone.status]).toEqual(['', 'mounted: No such file or directory\n', 1]);
  writeFileSync(join(share, 'mounted'), 'another');
  const other = run('echo SERVED', { user, hide });
  expect([other.stdout, other.status]).toEqual(['', 1]);
  expect(other.stderr).toBe('mounted: what is to be hidden there has made room for something else\n');
  rmSync(join(share, 'mounted'));
  renameSync(join(share, 'state'), join(share, 'away'));
  mkdirSync(join(share, 'state/bulkhead'), { recursive: true });
  expect(run('echo SERVED', { user, hide: [directory ?? ''] })).toMatchObject({ stdout: '', status: 1 });
});

test.runIf(isRoot).each(users)('user %i is shown nothing of what is mounted in the share', (user) => {
  makeShare(user);
  const points = ['state', 'a blank', 'deep/er'].map((name) => join(share, name));
  const mounted: string[] = [];
  try {
    for (const point of points) {
      mkdirSync(point, { recursive: true });
      expect(spawnSync('mount', ['-t', 'tmpfs', 'bulkhead-test', point]).status).toBe(0);
      mounted.unshift(point);
      writeFileSync(join(point, 'inside'), 'secret');
    }
    // Below one of them; and a directory that lies under it is reached by nobody.
    mkdirSync(join(share, 'state/inner'));
    const below = named('state/inner');
    const script = 'cd /sys; ls -A state "a blank" deep/er; mv deep x; mkdir state/new';
    const { stdout, stderr } = run(script, { user, hide: [below, '1:2:3:state/bulkhead'] });
    expect(stdout).toBe('a blank:\n\ndeep/er:\n\nstate:\n');
    expect(stderr).toMatch(/busy[^]*Read-only file system/);
  } finally {
    for (const point of mounted) spawnSync('umount', [point]);
  }
});

test('a program is tried within the same bounds', () => {
  const words = ['--check', '--', '/bin/sh', '-c', 'id -u; mkdir -m 2755 /tmp || exit 7'];
  const result = spawnSync(guard, words, { encoding: 'utf8' });
  expect([result.stdout, result.status]).toEqual(['0\n', 7]);
  expect(result.stderr).toContain('Operation not permitted');
});

test('wrong words are refused', () => {
  expect(spawnSync(guard, ['--check', '/bin/true'], { encoding: 'utf8' }).status).toBe(1);
  for (const words of [
    [],
    ['--directory', '3', '--path', '/', '--socket', 's'],
    ['--directory', 'x', '--path', '/', '--socket', 's', '--', 'true'],
    ['--other', '3', '--', 'true'],
    ['--directory', '3', '--path', '/', '--socket', `/${'s'.repeat(120)}`, '--', 'true'],
    ...['', 'x', '1:2:x', '1:2:3:', '1:2:3:/x'].map((hide) => ['--hide', hide, '--', 'true']),
  ])
    expect(spawnSync(guard, words, { encoding: 'utf8' }).status).toBe(1);
});

test('the server ends with the process that started it', () => {
  makeShare(users[0] ?? 0);
  const words = `${guard} --directory 3 --path ${share} --socket ${share}.sock -- /bin/sleep 60`;
  const script = `${words} 3<${share} & echo $!; while [ ! -S ${share}.sock ]; do sleep 0.1; done; sleep 0.5; kill -9 $$`;
  const started = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
  const pid = Number(started.stdout.trim());
  const state = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout;
  expect(pid).toBeGreaterThan(1);
  expect(state.trim()).toMatch(/^(Z.*)?$/);
});
