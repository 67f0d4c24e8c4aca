import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isOpening, releaseBlockedOpens } from './blocked-opens.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-pipe-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** A process that opens a file in its first breath and is over when it has read it. */
const reader = (path: string) => {
  const child = spawn('cat', [path], { stdio: 'ignore' });
  return { pid: child.pid ?? 0, ended: once(child, 'exit') };
};

test('a process that waits for the writer of a pipe reads end of file', async () => {
  const path = join(directory, 'passwd');
  execFileSync('mkfifo', [path]);
  const { pid, ended } = reader(path);
  await vi.waitUntil(() => releaseBlockedOpens(pid, (opened) => opened === path).length > 0, {
    timeout: 10_000,
    interval: 10,
  });
  expect(await ended).toEqual([0, null]);
});

test('whether one opens something is known of it while it waits there, and not of one that waits elsewhere', async () => {
  const path = join(directory, 'exec.fifo');
  execFileSync('mkfifo', [path]);
  const { pid, ended } = reader(path);
  await vi.waitUntil(() => isOpening(String(pid)), { timeout: 10_000, interval: 10 });
  const idle = spawn('sleep', ['600'], { stdio: 'ignore' });
  await vi.waitUntil(
    () => /^Name:\tsleep\n[^]*^State:\tS/m.test(readFileSync(`/proc/${idle.pid}/status`, 'utf8')),
    {
      timeout: 10_000,
      interval: 10,
    },
  );
  expect(isOpening(String(idle.pid))).toBe(false);
  idle.kill();
  releaseBlockedOpens(pid, () => true);
  await ended;
  expect(isOpening(String(pid))).toBe(false);
});

/** As Go's os.Root does: by a directory it has open. Writes when it may. */
const writerBelow = (parent: string, name: string) => {
  const script = `import os, sys; at = os.open(sys.argv[1], os.O_RDONLY); os.close(os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, dir_fd=at))`;
  const child = spawn('python3', ['-c', script, parent, name], { stdio: 'ignore' });
  return { pid: child.pid ?? 0, ended: once(child, 'exit') };
};

test('one that waits for the reader of a pipe it names by a directory goes on', async () => {
  const path = join(directory, 'hostname');
  execFileSync('mkfifo', [path]);
  const { pid, ended } = writerBelow(directory, 'hostname');
  // Under another root nothing is known of its directories.
  await vi.waitUntil(
    () => {
      expect(releaseBlockedOpens(pid, () => true, '/proc/self/root')).toEqual([]);
      return releaseBlockedOpens(pid, (opened) => opened === path).length > 0;
    },
    { timeout: 10_000, interval: 10 },
  );
  expect(await ended).toEqual([0, null]);
});

test('a pipe that is none of ours is left alone, and so is a file', async () => {
  const pipe = join(directory, 'own');
  execFileSync('mkfifo', [pipe]);
  const { pid, ended } = reader(pipe);
  const seen: string[] = [];
  const note = (path: string): boolean => {
    seen.push(path);
    return false;
  };
  await vi.waitUntil(() => releaseBlockedOpens(pid, note).length > 0 || seen.includes(pipe), {
    timeout: 10_000,
    interval: 10,
  });
  expect(releaseBlockedOpens(pid, note)).toEqual([]);
  // Under the root of another directory it is a file.
  writeFileSync(join(directory, 'file'), '');
  expect(releaseBlockedOpens(pid, () => true, join(directory, 'file'))).toEqual([]);
  expect(releaseBlockedOpens(pid, () => true)).toEqual([pipe]);
  expect(await ended).toEqual([0, null]);
});

test('a process that has ended is passed over', async () => {
  const { pid, ended } = reader('/dev/null');
  await ended;
  expect(releaseBlockedOpens(pid, () => true)).toEqual([]);
});
