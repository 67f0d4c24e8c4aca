import { execa } from 'execa';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

/** What mounts a share in the VM that runs, in a root like the VM's: all but the mount itself, for which there is no device here. */
let dir: string;
const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

// It is compiled here, beside whatever else the machine does.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

beforeAll(async () => {
  if (!isRoot) return;
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-share-place-'));
  await execa('make', ['--silent', '-C', 'vm-image/init', `OUT=${dir}`, join(dir, 'share-place')]);
});
afterAll(async () => {
  if (isRoot) await rm(dir, { recursive: true });
});

/** In a read-only root of its own, where the device `share7` is there to be found, after what `before` says; then what `afterwards` says. */
async function place(
  words: readonly string[],
  source = 'bulkhead-root',
  afterwards = 'true',
  before = 'true',
) {
  const script = [
    'root=$1; program=$2; source=$3; afterwards=$4; before=$5; shift 5',
    'mkdir -p "$root"; mount -t tmpfs "$source" "$root"; cd "$root"',
    'mkdir -p proc etc home sys/fs/virtiofs/0; mount -t proc proc proc; ln -s /etc link',
    'echo share7 > sys/fs/virtiofs/0/tag; cp "$program" share-place; eval "$before"; mount -o remount,ro "$root"',
    'ended=0; chroot . /share-place "$@" || ended=$?; echo "status $ended"; eval "$afterwards"',
  ].join('\n');
  const given = [join(dir, 'root'), join(dir, 'share-place'), source, afterwards, before, ...words];
  const { stdout, stderr } = await execa('unshare', ['--mount', 'sh', '-ec', script, 'sh', ...given]);
  return { said: stderr, status: stdout };
}

test
  .runIf(isRoot)
  .each(['/usr/lib/bulkhead', '/etc', '/root/.docker', '/run/x', '/', 'home/u', '/home/../etc', '/home/u/'])(
  '%s is not placed',
  async (path) => {
    const { said, status } = await place(['add', '7', 'rw', path]);
    expect([status, said]).toEqual(['status 1', expect.stringContaining('has there itself')]);
    expect((await place(['remove', path])).said).toContain('it is no shared directory');
  },
);

test.runIf(isRoot)('there is no place in a VM that was booted without shares', async () => {
  const { said, status } = await place(['add', '7', 'rw', '/home/u'], 'erofs');
  expect([status, said]).toEqual(['status 1', expect.stringContaining('booted without shared directories')]);
});

test.runIf(isRoot)('the root is written to for its directory, and read-only again', async () => {
  const look = 'ls -A home; touch home/x 2>&1 || true';
  const { said, status } = await place(['add', '7', 'rw', '/home/u'], 'bulkhead-root', look);
  expect(said).toContain('/home/u cannot be mounted');
  expect(status).toMatch(/^status 1\nu\ntouch: .*Read-only file system/);
});

test.runIf(isRoot)('no link is followed on the way', async () => {
  const { said, status } = await place(['add', '7', 'rw', '/link/u'], 'bulkhead-root', 'ls -A etc');
  expect([status, said]).toEqual(['status 1', expect.stringContaining('/link/u: ')]);
});

test.runIf(isRoot).each(['add 7 rx /home/u', 'add -1 rw /home/u', 'add 7 rw', 'remove', 'mount /home/u'])(
  '%j is no order',
  async (words) => {
    const { said, status } = await place(words.split(' '));
    expect([status, said]).toEqual(['status 1', expect.stringContaining('usage')]);
  },
);

test.runIf(isRoot)('what is not mounted is gone already', async () => {
  for (const order of ['remove', 'detach'])
    expect(await place([order, '/home/u'])).toEqual({ status: 'status 0', said: '' });
});

test.runIf(isRoot).each([
  ['remove', 'status 1', 'busy', 'still'],
  ['detach', 'status 0', '', 'gone'],
])('what is in use: %s', async (order, status, said, after) => {
  const before = 'mkdir home/u; mount -t tmpfs used home/u; exec 9> home/u/file';
  const look = 'grep -q "^used " /proc/self/mounts && echo still || echo gone';
  const placed = await place([order, '/home/u'], 'bulkhead-root', look, before);
  expect(placed.status).toBe(`${status}\n${after}`);
  expect(placed.said).toContain(said);
});
