import { type FileHandle, open } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openRecorded } from './open-recorded.js';
import type { PlacedShare } from './open-shares.js';

/** What is hidden at one look after the other; the last stays. */
function looking(...looks: readonly (readonly string[])[]) {
  const handles: FileHandle[] = [];
  const said: (readonly string[])[] = [];
  let look = 0;
  const openNow = async (): Promise<PlacedShare[]> => {
    const handle = await open('/');
    handles.push(handle);
    const hidden = (looks[look] ?? looks.at(-1) ?? []).map((identity) => ({
      path: identity,
      device: '8:1',
      inode: 1n,
      identity,
    }));
    look += 1;
    const place = { realPath: '/real', device: '8:1', within: '/', filesystem: 'ext4' };
    return ['/link', '/real'].map((path) => ({ handle, path, readOnly: true, hidden, place }));
  };
  const opened = openRecorded(openNow, async (shares) => {
    expect(shares).toMatchObject([{ path: '/real', readOnly: true }]);
    said.push(shares.flatMap(({ hidden }) => hidden));
  });
  return { opened, said, openHandles: () => handles.filter(({ fd }) => fd !== -1).length, handles };
}

test('what is given back is what was said last, and was found so after it was said', async () => {
  const { opened, said, openHandles, handles } = looking(['a'], ['a', 'b'], ['b']);
  const shares = await opened;
  expect([shares.map(({ path }) => path), shares[0]?.hidden.map(({ path }) => path)]).toEqual([
    ['/link', '/real'],
    ['b'],
  ]);
  expect(said).toEqual([['a'], ['a', 'b'], ['b']]);
  expect([handles.length, openHandles()]).toEqual([4, 1]);
  for (const handle of handles) await handle.close();
});

test('where nothing changes it is said once', async () => {
  const { opened, said, handles } = looking(['a']);
  await opened;
  expect(said).toEqual([['a']]);
  for (const handle of handles) await handle.close();
});

test('what never stays the same is not opened', async () => {
  const { opened, openHandles } = looking(...Array.from({ length: 9 }, (_, number) => [String(number)]));
  await expect(opened).rejects.toMatchObject({ code: 'BH_SHARE_UNUSABLE' });
  expect(openHandles()).toBe(0);
});
