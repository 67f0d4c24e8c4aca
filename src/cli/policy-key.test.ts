import { execa } from 'execa';
import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { rememberPolicyKey } from '../image/index.js';
import { keyIdOf, publicKeyText, signDocument } from '../policy/index.js';
import { instancePaths } from '../vm/index.js';
import { writeTinyImage } from '../vm/test-support/tiny-image.js';

/** The built command with a fake QEMU, images that demand a signed policy, and a key of this run alone. */
const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
let directory = '';
const path = (name: string): string => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bh-key-'));
  await writeFile(
    path('qemu'),
    `#!/bin/sh\nexec ${process.execPath} ${dist}/vm/test-support/fake-qemu.js "$@"\n`,
  );
  await chmod(path('qemu'), 0o755);
  await writeImage('keyed', publicKeyText(publicKey));
  await writeImage('other', publicKeyText(generateKeyPairSync('ed25519').publicKey));
  await writeImage('keyless', undefined);
});
afterEach(async () => {
  await rememberPolicyKey(path('bulkhead'), undefined);
});
afterAll(async () => {
  for (const name of ['one', 'two', 'three']) await bulkhead(name, 'down');
  for (const records of instancePaths('any').policyRecords)
    await rm(join(records, keyIdOf(publicKey)), { recursive: true, force: true });
  await rm(directory, { recursive: true });
});

async function writeImage(name: string, policyKey: string | undefined): Promise<void> {
  const manifest = await writeTinyImage(path(name));
  await writeFile(join(path(name), 'manifest.json'), JSON.stringify({ ...manifest, policyKey }));
}

async function policy(serial: number, more: object = {}): Promise<string> {
  const document = { configurationFileVersion: 2, bulkhead: { serial, ...more } };
  await writeFile(path(`${serial}.json`), JSON.stringify(signDocument(document, privateKey)));
  return path(`${serial}.json`);
}

/** Each instance has directories of its own for everything. */
async function bulkhead(name: string, command: string, ...args: readonly string[]) {
  const state = path(name);
  await mkdir(state, { recursive: true });
  const env = {
    BULKHEAD_QEMU: path('qemu'),
    HOME: state,
    XDG_STATE_HOME: state,
    XDG_RUNTIME_DIR: state,
    XDG_CACHE_HOME: directory,
  };
  const words = [join(dist, 'cli/main.js'), command, '--name', name, ...args];
  return execa(process.execPath, words, { env, reject: false, stdin: 'ignore' });
}
const up = (name: string, image: string, file: string) =>
  bulkhead(name, 'up', '--image', path(image), '--policy', file);

test('what was in force in one instance is in no other replaced by an older one, nor by another under its number', async () => {
  expect((await up('one', 'keyed', await policy(5))).stderr).toContain('engine ready');
  const older = await up('two', 'keyed', await policy(4));
  expect(older.exitCode).not.toBe(0);
  expect(older.stderr).toMatch(
    /BH_POLICY_ROLLBACK: .*has the serial 4; one with 5 was in force before, by .*5\.json/,
  );
  const another = await up('two', 'keyed', await policy(5, { contact: 'somebody else' }));
  expect(another.exitCode).not.toBe(0);
  expect(another.stderr).toContain('BH_POLICY_SERIAL_TAKEN');
  // The same attempt without a key: nothing is held against it, but whoever starts it hears that this machine ran images with one.
  const keyless = await up('two', 'keyless', await policy(4));
  expect(keyless.stderr).toContain(keyIdOf(publicKey));
  expect(keyless.exitCode).toBe(0);
}, 60_000);

test('an image that is named has the key that is remembered, or is refused', async () => {
  const file = await policy(9);
  await rememberPolicyKey(path('bulkhead'), publicKeyText(publicKey));
  for (const [image, has] of [
    ['keyless', 'no policy key'],
    ['other', 'another policy key'],
  ] as const) {
    const { stderr, exitCode } = await up('three', image, file);
    expect([exitCode, stderr]).toEqual([
      77,
      expect.stringContaining(`BH_IMAGE_POLICY_KEY: ${path(image)} has ${has}`),
    ]);
  }
  const damaged = path('damaged');
  await mkdir(damaged);
  await writeFile(join(damaged, 'manifest.json'), '{');
  expect((await up('three', 'damaged', file)).stderr).toContain('BH_IMAGE_MANIFEST');
  await rememberPolicyKey(path('bulkhead'), undefined);
  const { exitCode } = await bulkhead('two', 'up', '--image', path('keyless'), '--policy', file);
  expect(exitCode).toBe(0);
}, 60_000);

test('so does a root that is named', async () => {
  const file = await policy(9);
  const engine = async (root: string) =>
    (await bulkhead('three', 'engine', '--root', root, '--policy', file)).stderr;
  const bare = path('bare.erofs');
  await writeFile(bare, '');
  await mkdir(path('unpacked'));
  await rememberPolicyKey(path('bulkhead'), publicKeyText(publicKey));
  expect(await engine(bare)).toContain('has no manifest.json beside it');
  expect(await engine(join(path('other'), 'root.erofs'))).toContain('has another policy key');
  expect(await engine(path('unpacked'))).toContain('has no policy key');
  await rememberPolicyKey(path('bulkhead'), undefined);
  // A directory has the key that bulkheadd will find in it.
  await mkdir(join(path('unpacked'), 'usr/lib/bulkhead'), { recursive: true });
  await writeFile(join(path('unpacked'), 'usr/lib/bulkhead/policy-key.pem'), publicKeyText(publicKey));
  await writeFile(path('unsigned.json'), '{"configurationFileVersion": 2}');
  const { stderr } = await bulkhead(
    'three',
    'engine',
    '--root',
    path('unpacked'),
    '--policy',
    path('unsigned.json'),
  );
  expect(stderr).toContain('BH_POLICY_UNSIGNED');
}, 60_000);
