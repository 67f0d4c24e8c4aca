import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { factsIn } from '../test-support/facts-in.js';
import { makeInstanceDirectories } from './directories.js';
import { type InstancePaths, instancePaths } from './paths.js';

let directory = '';
let paths: InstancePaths;
const uid = process.getuid?.() ?? 0;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-dirs-'));
  const env = { XDG_STATE_HOME: join(directory, 's'), XDG_RUNTIME_DIR: directory };
  paths = instancePaths('one', { ...factsIn(directory), env });
});
afterEach(() => rm(directory, { recursive: true }));

test('makes both, closed to others, and again without complaint', async () => {
  await makeInstanceDirectories(paths);
  await makeInstanceDirectories(paths);
  expect((await stat(paths.runtimeDir)).mode & 0o777).toBe(0o700);
  expect((await stat(paths.stateDir)).mode & 0o777).toBe(0o700);
});

test('a directory another user made first is refused', async () => {
  await makeInstanceDirectories(paths);
  await expect(makeInstanceDirectories(paths, uid + 1)).rejects.toMatchObject({
    code: 'BH_RUNTIME_DIRECTORY',
    params: { directory: dirname(paths.runtimeDir) },
  });
});

test('one in a directory of another user, or in which others may rename what lies there, is refused', async () => {
  await chmod(directory, 0o1777);
  await makeInstanceDirectories(paths);
  await chmod(directory, 0o777);
  const reason = `others (its group, or everybody) may write to ${directory}, and put another in the place of what is in it (\`chmod go-w ${directory}\` keeps them out)`;
  await expect(makeInstanceDirectories(paths)).rejects.toMatchObject({
    code: 'BH_RUNTIME_DIRECTORY',
    params: { directory, reason },
  });
  // However far above.
  const own = join(directory, 'own/tmp');
  await mkdir(own, { recursive: true, mode: 0o700 });
  const env = { XDG_STATE_HOME: join(directory, 's'), XDG_RUNTIME_DIR: own };
  const below = instancePaths('one', { ...factsIn(directory), env });
  await expect(makeInstanceDirectories(below)).rejects.toMatchObject({ params: { directory: own, reason } });
  await chmod(directory, 0o1777);
  await makeInstanceDirectories(below);
});

test.runIf(uid === 0).each([
  ['below a directory of another user', 'run'],
  ['behind a link of another user', 'link'],
])('root makes none %s, who could turn it elsewhere', async (_where, name) => {
  const [home, own] = [join(directory, 'home'), join(directory, 'own')];
  await mkdir(join(home, 'run'), { recursive: true, mode: 0o700 });
  await mkdir(own, { mode: 0o700 });
  await symlink(own, join(home, 'link'));
  await chown(home, 12_345, 12_345);
  const env = { XDG_STATE_HOME: join(directory, 's'), XDG_RUNTIME_DIR: join(home, name) };
  await expect(
    makeInstanceDirectories(instancePaths('one', { ...factsIn(directory), env })),
  ).rejects.toMatchObject({ code: 'BH_RUNTIME_DIRECTORY', params: { directory: join(home, name) } });
});

test.runIf(uid === 0)('root makes none where sudo has left the directory of another user', async () => {
  await chown(directory, 12_345, 12_345);
  await expect(makeInstanceDirectories(paths)).rejects.toThrow(
    /belongs to user 12345, who could put another in the place/,
  );
  // Not even where its state would be, which is as much that user's.
  expect(await readdir(directory)).toEqual([]);
});

test('one that others may write to is refused', async () => {
  await mkdir(dirname(paths.runtimeDir), { mode: 0o700 });
  await chmod(dirname(paths.runtimeDir), 0o777);
  await expect(makeInstanceDirectories(paths)).rejects.toThrow(/others may write/);
});

test('a link to a directory of ours is refused: who made it can turn it elsewhere', async () => {
  await mkdir(join(directory, 'elsewhere'));
  await symlink(join(directory, 'elsewhere'), dirname(paths.runtimeDir));
  await expect(makeInstanceDirectories(paths)).rejects.toThrow(/not a directory/);
});
