import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listInstances } from './list.js';

test('directories with the name of an instance, and nothing else', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bh-list-'));
  try {
    for (const name of ['default', 'ci', '.policies', 'Not-one']) await mkdir(join(directory, name));
    await writeFile(join(directory, 'file'), '');
    expect(await listInstances(directory)).toEqual(['ci', 'default']);
    expect(await listInstances(join(directory, 'nothing'))).toEqual([]);
  } finally {
    await rm(directory, { recursive: true });
  }
});
