import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rememberPolicyKey } from '../image/index.js';
import { exampleManifest } from '../image/test-support/example-manifest.js';
import { findImage } from './find-image.js';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-images-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function image(name: string, modified: number, manifest = {}): Promise<string> {
  const path = join(directory, 'images', name);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'manifest.json'), JSON.stringify(manifest));
  await utimes(join(path, 'manifest.json'), modified, modified);
  return path;
}

test('outside of a checkout: the newest that is complete', async () => {
  await image('b', 1_000);
  const newest = await image('a', 2_000);
  await mkdir(join(directory, 'images', 'unfinished'));
  expect(await findImage(directory, join(directory, 'no-checkout'))).toBe(newest);
});

test('where a policy key is remembered, one with another or with none is not taken', async () => {
  const policyKey = '-----BEGIN PUBLIC KEY-----\nx\n';
  const keyed = await image('keyed', 1_000, { ...exampleManifest(), policyKey });
  const newest = await image('newest', 2_000, exampleManifest());
  await image('other', 1_500, { ...exampleManifest(), policyKey: `${policyKey}y` });
  const elsewhere = join(directory, 'no-checkout');
  expect(await findImage(directory, elsewhere)).toBe(newest);
  await rememberPolicyKey(directory, policyKey);
  expect(await findImage(directory, elsewhere)).toBe(keyed);
  await rm(keyed, { recursive: true });
  await expect(findImage(directory, elsewhere)).rejects.toMatchObject({ code: 'BH_NO_IMAGE' });
  await rememberPolicyKey(directory, undefined);
  expect(await findImage(directory, elsewhere)).toBe(newest);
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
