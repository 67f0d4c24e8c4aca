import { mkdtemp, rm, symlink, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openShares } from './open-shares.js';
import { shareList } from './share-list.js';

test.runIf(process.platform === 'linux')('a second name of a directory is told as such', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-share-list-'));
  try {
    for (const name of ['one', 'two']) await mkdir(join(dir, name));
    await symlink('one', join(dir, 'link'));
    const shares = await openShares(
      [
        { path: join(dir, 'two'), readOnly: false },
        { path: join(dir, 'link'), readOnly: true },
      ],
      [],
      undefined,
      'server',
    );
    for (const handle of new Set(shares.map((share) => share.handle))) await handle.close();
    const text = `rw\0${dir}/two\0ro\0${dir}/link\0ro+\0${dir}/one\0`;
    expect(shareList(shares).toString()).toBe(text);
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('nothing shared is an empty list', () => {
  expect(shareList([]).length).toBe(0);
});
