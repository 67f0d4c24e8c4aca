import { chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listInstances, listUsable } from './list.js';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bh-list-'));
  for (const name of ['default', 'ci', '.policies', 'Not-one']) await mkdir(join(directory, name));
  await writeFile(join(directory, 'file'), '');
});
afterEach(() => rm(directory, { recursive: true }));

test.each([listInstances, listUsable])(
  'directories with the name of an instance, and nothing else: %o',
  async (list) => {
    expect(await list(directory)).toEqual(['ci', 'default']);
    expect(await list(join(directory, 'nothing'))).toEqual([]);
  },
);

test('one that lies elsewhere may run too, and what can’t be read is not nothing', async () => {
  await symlink(join(directory, '.policies'), join(directory, 'elsewhere'));
  expect(await listUsable(directory)).toEqual(['ci', 'default', 'elsewhere']);
  await expect(listUsable(join(directory, 'file'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});

test.runIf(process.getuid?.() === 0)('another user’s that this one can’t enter is not his', async () => {
  const user = 12_345;
  await chown(directory, user, user);
  await mkdir(join(directory, 'closed'), { mode: 0o700 });
  await mkdir(join(directory, 'own'), { mode: 0o000 });
  await chown(join(directory, 'own'), user, user);
  expect(await listUsable(directory)).toContain('closed');
  process.seteuid?.(user);
  try {
    expect(await listUsable(directory, user)).toEqual(['ci', 'default', 'own']);
  } finally {
    process.seteuid?.(0);
  }
});
