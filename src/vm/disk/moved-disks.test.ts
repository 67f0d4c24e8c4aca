import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { instancePaths } from '../instance/paths.js';
import { factsIn } from '../test-support/facts-in.js';
import { writeDiskRecord } from './disk-record.js';
import { movedDisks } from './moved-disks.js';

test('every file a record names, of every instance', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bh-moved-'));
  const facts = factsIn(directory);
  const record = (name: string): string => instancePaths(name, facts).diskRecord;
  try {
    expect(await movedDisks(facts)).toEqual([]);
    for (const name of ['ci', 'default', 'never-moved'])
      await mkdir(dirname(record(name)), { recursive: true });
    await mkdir(join(directory, 'elsewhere'));
    await symlink(join(directory, 'elsewhere'), dirname(record('linked')));
    writeDiskRecord(record('linked'), { format: 1, file: '/e/data.raw' });
    writeDiskRecord(record('default'), { format: 1, file: '/b/data.raw', superseded: '/a/data.raw' });
    writeDiskRecord(record('ci'), { format: 1, file: '/c/data.raw', copying: '/d/data.raw' });
    expect(await movedDisks(facts)).toEqual([
      '/c/data.raw',
      '/d/data.raw.part',
      '/d/data.raw',
      '/b/data.raw',
      '/a/data.raw',
      '/e/data.raw',
    ]);
  } finally {
    await rm(directory, { recursive: true });
  }
});
