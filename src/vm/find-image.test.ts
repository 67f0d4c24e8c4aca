import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findImage } from './find-image.js';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-images-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function image(name: string, modified: number): Promise<string> {
  const path = join(directory, 'images', name);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'manifest.json'), '{}');
  await utimes(join(path, 'manifest.json'), modified, modified);
  return path;
}

test('outside of a checkout: the newest that is complete', async () => {
  await image('b', 1_000);
  const newest = await image('a', 2_000);
  await mkdir(join(directory, 'images', 'unfinished'));
  expect(await findImage(directory, join(directory, 'no-checkout'))).toBe(newest);
});

test('none', async () => {
  await expect(findImage(directory, directory)).rejects.toMatchObject({
    code: 'BH_NO_IMAGE',
    params: { directory: join(directory, 'images') },
  });
});

test('in a checkout only the image its sources build will do', async () => {
  await image('older', 1_000);
  const checkout = join(import.meta.dirname, '..', '..');
  await expect(findImage(directory, checkout)).rejects.toMatchObject({ code: 'BH_NO_IMAGE' });
});
