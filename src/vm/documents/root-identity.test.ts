import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exampleManifest } from '../../image/test-support/example-manifest.js';
import { rootIdentity } from './root-identity.js';

const policyKey = '-----BEGIN PUBLIC KEY-----\nx\n';
let dir = '';
const path = (name: string): string => join(dir, name);
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-root-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('a file is what the manifest beside it says, if it is the root of that', async () => {
  await writeFile(path('root.erofs'), '');
  expect(await rootIdentity(path('root.erofs'))).toMatchObject({ policyKey: null });
  await writeFile(path('manifest.json'), JSON.stringify({ ...exampleManifest(), policyKey }));
  expect(await rootIdentity(path('root.erofs'))).toMatchObject({ policyKey });
  expect(await rootIdentity(path('another.erofs'))).toMatchObject({ policyKey: null });
});

test.each([
  ['damaged', '{"policyKey":'],
  ['of another format', '{"format": 2}'],
])('a manifest that is %s does not mean that there is no key', async (_what, text) => {
  await writeFile(path('manifest.json'), text);
  await expect(rootIdentity(path('root.erofs'))).rejects.toMatchObject({ code: 'BH_IMAGE_MANIFEST' });
});

test('a directory is what is in it, whatever lies beside it', async () => {
  await writeFile(path('manifest.json'), JSON.stringify({ ...exampleManifest(), policyKey }));
  await mkdir(path('root/usr/lib/bulkhead'), { recursive: true });
  expect((await rootIdentity(path('root'))).policyKey).toBeUndefined();
  await writeFile(path('root/usr/lib/bulkhead/policy-key.pem'), 'its own');
  expect((await rootIdentity(path('root'))).policyKey).toBe('its own');
});
