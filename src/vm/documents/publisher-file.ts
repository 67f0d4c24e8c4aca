import type { KeyObject } from 'node:crypto';
import { dirname, join } from 'node:path';
import { isBulkheadError } from '../../common/errors/bulkhead-error.js';
import {
  currentPublishers,
  noPublishers,
  type PublisherList,
  type Publishers,
  publishersAt,
  readAcceptedList,
} from '../../policy/index.js';
import { type OpenDocument, openDocument } from './open-document.js';
import type { PolicyFile } from './policy-file.js';

/** Who is a verified publisher by the list beside a policy, as far as this machine can tell. */
export interface PublishersBeside {
  readonly publishers: Publishers;
  /** The list, for the engine, which judges it again; undefined where there is none that counts. Its handle is the caller's to close. */
  readonly list?: OpenDocument<PublisherList>;
  /** What a person should hear. */
  readonly notes: readonly string[];
}

/** Where the list lies; undefined where the policy names none. */
export function publisherFileOf(
  policy: Pick<PolicyFile, 'file' | 'settings'> | undefined,
): string | undefined {
  const name = policy?.settings.bulkhead?.imageAccess?.publishers?.file;
  return policy === undefined || name === undefined ? undefined : join(dirname(policy.file), name);
}

/**
 * Opens the list beside a policy. One that can't be used names nobody, which is the stricter: nothing fails for it, and whoever is refused is told why.
 *
 * @param key of the image; undefined where it has none, and nobody's signature is asked for.
 */
export async function publishersBeside(
  policy: Pick<PolicyFile, 'file' | 'settings'> | undefined,
  key: KeyObject | undefined,
  now: () => number = Date.now,
): Promise<PublishersBeside> {
  const file = publisherFileOf(policy);
  if (file === undefined) return { publishers: publishersAt(undefined, now()), notes: [] };
  try {
    const opened = await openDocument(file, 'BH_PUBLISHERS_REFUSED', (bytes) =>
      readAcceptedList(bytes, { key, highestSerial: 0 }, file),
    );
    const publishers = currentPublishers(opened.value, now);
    const { missing } = publishers;
    return { publishers, list: opened, notes: missing === undefined ? [] : [noteOf(missing)] };
  } catch (error) {
    if (!isBulkheadError(error)) throw error;
    return { publishers: noPublishers(error.message), notes: [noteOf(error.message)] };
  }
}

function noteOf(missing: string): string {
  return `Nobody counts as a verified publisher (bulkhead.imageAccess.publishers): ${missing.replace(/\.$/, '')}.`;
}
