import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type CgroupRemovalOptions, createCgroupRemoval } from './cgroup-removal.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bulkhead-cgroups-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

/** Directories as cgroups; a file in one refuses its removal as a process does. */
function fixture(options: Partial<CgroupRemovalOptions> = {}) {
  const wakers: (() => void)[] = [];
  const remove = createCgroupRemoval({
    hierarchies: ['memory', 'cpuset'],
    parents: ['/docker', '/docker/buildx'],
    isHeld: () => false,
    clock: { now: () => 0, sleep: () => new Promise<void>((wake) => wakers.push(wake)) },
    log: pino({ level: 'silent' }),
    root,
    ...options,
  });
  return { remove, wakers };
}

function make(path: string): string {
  const directory = join(root, path);
  mkdirSync(directory, { recursive: true });
  return directory;
}

test('removes what a container left behind in every hierarchy, with what is below', () => {
  const cgroups = [
    'memory/docker/a',
    'cpuset/docker/a',
    'memory/docker/buildkit/a',
    'cpuset/docker/buildx/a',
  ].map((path) => make(path));
  make('memory/docker/a/init.scope/deep');
  const others = ['memory/docker/b', 'memory/docker/ab'].map((path) => make(path));
  fixture().remove('a');
  expect(cgroups.filter((path) => existsSync(path))).toEqual([]);
  expect(others.every((path) => existsSync(path))).toBe(true);
});

test('one that a process is still in goes once the process has', async () => {
  const busy = make('memory/docker/a');
  writeFileSync(join(busy, 'process'), '');
  const { remove, wakers } = fixture();
  remove('a');
  expect(existsSync(busy)).toBe(true);
  rmSync(join(busy, 'process'));
  wakers.shift()?.();
  await vi.waitFor(() => expect(existsSync(busy)).toBe(false));
});

test(
  'cgroups too deep for any path, and more than are removed in one go, go too',
  { timeout: 30_000 },
  async () => {
    make('memory/docker/a/many');
    for (let at = 0; at < 600; at += 1) mkdirSync(join(root, 'memory/docker/a/many', String(at)));
    const name = 'd'.repeat(250);
    let deepest = openSync(join(root, 'memory/docker/a'), 'r');
    for (let depth = 0; depth < 20; depth += 1) {
      mkdirSync(`/proc/self/fd/${deepest}/${name}`);
      const next = openSync(`/proc/self/fd/${deepest}/${name}`, 'r');
      closeSync(deepest);
      deepest = next;
    }
    closeSync(deepest);
    fixture({ clock: { now: () => 0, sleep: async () => {} } }).remove('a');
    await vi.waitFor(() => expect(existsSync(join(root, 'memory/docker/a'))).toBe(false), 20_000);
  },
);

test('that of a container that is starting again stays, also when it starts between two tries', async () => {
  const cgroup = make('memory/docker/a');
  fixture({ isHeld: () => true }).remove('a');
  expect(existsSync(cgroup)).toBe(true);

  writeFileSync(join(cgroup, 'process'), '');
  const held = vi.fn<(id: string) => boolean>().mockReturnValueOnce(false).mockReturnValue(true);
  const { remove, wakers } = fixture({ isHeld: held });
  remove('a');
  rmSync(join(cgroup, 'process'));
  wakers.shift()?.();
  await vi.waitFor(() => expect(held).toHaveBeenCalledTimes(2));
  expect(existsSync(cgroup)).toBe(true);
});

test.each(['buildkit', 'buildx'])('the cgroup %j, which all builds share, is nobody’s', (name) => {
  const shared = make(`memory/docker/${name}`);
  fixture().remove(name);
  expect(existsSync(shared)).toBe(true);
});
