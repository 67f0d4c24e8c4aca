import { createPrivateKey, createPublicKey } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentReporter } from '../../dist/common/reporter.js';
import { buildImage, cacheRoot, useCached } from '../../dist/image/index.js';
import { keyIdOf, publicKeyText, readSettings, signDocument, soundPolicy } from '../../dist/policy/index.js';
import { instancePaths } from '../../dist/vm/index.js';

/** Of the tests alone: always the same, so that the image with its public half is built once. */
const privateKey = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 'tests')]),
  format: 'der',
  type: 'pkcs8',
});
const publicKey = createPublicKey(privateKey);

export const testPolicyKey = publicKeyText(publicKey);
export const testKeyId = keyIdOf(publicKey);

/** What this machine remembers of that key: one memory for all instances, so that of the tests before has to go. */
export async function forgetTestPolicies(): Promise<void> {
  for (const directory of instancePaths('any').policyRecords)
    await rm(join(directory, testKeyId), { recursive: true, force: true });
}

/** The text of a policy, signed with the key of the tests, or with another. */
export function signedPolicy(
  bulkhead: { readonly serial: number; readonly [key: string]: unknown },
  {
    key = privateKey,
    ...settings
  }: { readonly key?: typeof privateKey; readonly [key: string]: unknown } = {},
): string {
  const text = JSON.stringify({ configurationFileVersion: 2, ...settings, bulkhead });
  const { document } = soundPolicy(readSettings(Buffer.from(text), 'policy'));
  return `${JSON.stringify(signDocument(document, key), null, 2)}\n`;
}

export async function writePolicy(file: string, ...policy: Parameters<typeof signedPolicy>): Promise<void> {
  await writeFile(file, signedPolicy(...policy));
}

/** The image of this checkout that serves under no policy the tests have not signed. It stays while this process runs. */
export async function keyedImageDir(): Promise<string> {
  const projectDir = join(import.meta.dirname, '..', '..');
  const cacheDir = cacheRoot();
  const { dir } = await buildImage({ projectDir, cacheDir, policyKey: testPolicyKey }, silentReporter);
  await useCached(cacheDir, dir);
  return dir;
}
