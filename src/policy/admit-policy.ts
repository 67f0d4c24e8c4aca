import type { KeyObject } from 'node:crypto';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { acceptPolicy, type ReadPolicy, refuseExpired } from './accept-policy.js';
import type { KnownPolicy } from './policy-record.js';
import { contactOf } from './contact.js';
import { isAtLeast, versionPattern } from './image-version.js';
import type { SeenTime } from './seen-time.js';
import { keyIdOf } from './signature.js';

/** What an image, and where it runs, hold a policy against. */
export interface Admission {
  /** The organization's public key, if the image was built with one: then nothing but what it signed comes into force, and not nothing. */
  readonly key: KeyObject | undefined;
  /** Of the image; undefined where it does not say, which is older than any. */
  readonly imageVersion: string | undefined;
  /** By the clock, in milliseconds since 1970. */
  readonly now: number;
  /** The highest time there was here. Of an image with a key alone, as `known`. */
  readonly seen: SeenTime | undefined;
  /** What of the key's policies was in force here, or has to be reached at least. Of an image with a key alone: without one anybody could raise it. */
  readonly known: readonly KnownPolicy[];
}

/**
 * Whether an engine may serve with this policy, or without any. The same function on the host, for the early answer, and in the VM, where it counts.
 *
 * @param file its name, for the messages.
 * @throws BH_POLICY_MISSING, BH_POLICY_IMAGE_VERSION, and what `acceptPolicy` throws.
 */
export function admitPolicy(policy: ReadPolicy | undefined, admission: Admission, file: string): void {
  const { key, imageVersion, now, seen, known } = admission;
  if (policy === undefined) {
    if (key !== undefined) throw new BulkheadError('BH_POLICY_MISSING', { keyId: keyIdOf(key) });
    return;
  }
  if (key === undefined) refuseExpired(policy.settings, { now, seen }, file);
  else acceptPolicy(policy, { key, now, seen, known }, file);
  const minimum = policy.settings.bulkhead?.minimumImageVersion;
  if (minimum === undefined) return;
  if (imageVersion === undefined || !versionPattern.test(imageVersion) || !isAtLeast(imageVersion, minimum)) {
    const version = imageVersion ?? 'an unknown version';
    throw new BulkheadError('BH_POLICY_IMAGE_VERSION', {
      file,
      version,
      minimum,
      contact: contactOf(policy.settings),
    });
  }
}
