import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, replaceDurably } from '../common/durable-file.js';
import { BulkheadError } from '../common/errors/bulkhead-error.js';

/** Where the root holds the organization's public key; bulkheadd looks for it there. */
export const policyKeyPath = '/usr/lib/bulkhead/policy-key.pem';

/** Beside the images: the key of the last build that was given one, or none. */
const remembered = (cacheDir: string): string => join(cacheDir, 'policy-key.pem');

/**
 * The key that builds without another one, and whoever looks for an image to boot, take. Threat: a later build of changed sources, or an older image, by which
 * the key, and with it every rule, would be gone and nobody told.
 */
export function rememberedPolicyKey(cacheDir: string): string | undefined {
  return readIfThere(remembered(cacheDir));
}

/**
 * Whether an image that somebody names may be used where a key is remembered. Threat: `--image` or `--root`, with an image that takes any policy.
 *
 * @param image its name, for the message. @param policyKey of the image; null where it cannot be told, which is not that key.
 * @throws BH_IMAGE_POLICY_KEY
 */
export function checkRememberedKey(
  cacheDir: string,
  image: string,
  policyKey: string | null | undefined,
): void {
  const key = rememberedPolicyKey(cacheDir);
  if (key === undefined || key === policyKey) return;
  const has =
    policyKey === undefined
      ? 'no policy key'
      : policyKey === null
        ? 'no manifest.json beside it that says which policy key it has'
        : 'another policy key';
  throw new BulkheadError('BH_IMAGE_POLICY_KEY', { image, has, file: remembered(cacheDir) });
}

/** @param key undefined forgets it. Throws what the system says. */
export async function rememberPolicyKey(cacheDir: string, key: string | undefined): Promise<void> {
  if (key === undefined) return rm(remembered(cacheDir), { force: true });
  await mkdir(cacheDir, { recursive: true });
  replaceDurably(remembered(cacheDir), key);
  // Root builds, a user boots: both have to find the same image.
  await chmod(remembered(cacheDir), 0o644);
}
