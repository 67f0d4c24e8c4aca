import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { hasSockets, ownsDirectory } from './runtime-root.js';

const uid = process.getuid?.() ?? 0;

/** A directory of sockets as one instance has it, with one that listens. */
async function runtimeDirectory(socket: string): Promise<{ readonly parent: string; readonly path: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'bh-root-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const parent = join(directory, 'bulkhead-0');
  const path = join(parent, 'one');
  await mkdir(join(path, 'engine'), { recursive: true, mode: 0o700 });
  const server = createServer().listen(join(path, socket));
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return { parent, path };
}

test.each(['controller.sock', 'engine/control.sock'])('%s is known for what it is', async (socket) => {
  const { path, parent } = await runtimeDirectory(socket);
  expect(hasSockets(path, uid)).toBe(true);
  expect(hasSockets(path, uid + 1)).toBe(false);
  expect(hasSockets(join(parent, 'two'), uid)).toBe(false);
});

test('a directory alone, or one that others can put something into, says nothing', async () => {
  const { path, parent } = await runtimeDirectory('docker.sock');
  expect(hasSockets(path, uid)).toBe(false);
  const open = await runtimeDirectory('controller.sock');
  await chmod(open.parent, 0o777);
  expect(hasSockets(open.path, uid)).toBe(false);
  expect([parent, open.parent].map((directory) => ownsDirectory(directory, uid))).toEqual([true, false]);
});

test('a link of that name leads nowhere: whoever made it can turn it', async () => {
  const { path, parent } = await runtimeDirectory('controller.sock');
  await rename(parent, `${parent}-real`);
  await symlink(`${parent}-real`, parent);
  expect(hasSockets(path, uid)).toBe(false);
  expect(hasSockets(join(parent, 'x'.repeat(300), 'one'), uid)).toBe(false);
});
