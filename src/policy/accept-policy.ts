import type { KeyObject } from 'node:crypto';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { contactOf } from './contact.js';
import type { JsonObject } from './json-value.js';
import type { SeenTime } from './seen-time.js';
import type { Settings } from './settings-schema.js';
import type { KnownPolicy } from './policy-record.js';
import { contentHash, isSignedBy, keyIdOf } from './signature.js';

/** What a policy is held against. */
export interface AcceptedBy {
  /** The organization's public key, Ed25519. */
  readonly key: KeyObject;
  /** By the clock, in milliseconds since 1970. */
  readonly now: number;
  /** The highest time there was here, whatever the clock says now; undefined where none is known. */
  readonly seen: SeenTime | undefined;
  /** What of this key's policies was in force before, or was put up by the administrator. */
  readonly known: readonly KnownPolicy[];
}

/** A policy that has been read, and the document it was read from. */
export interface ReadPolicy {
  readonly settings: Settings;
  readonly document: JsonObject;
}

/**
 * Whether a policy may come into force. Threats: a policy of somebody else, one that was changed on its way, and an old one, whose
 * rules were looser, put back in the place of the new, be it under the number of the new.
 *
 * @param file its name, for the messages.
 * @throws BH_POLICY_UNSIGNED, BH_POLICY_KEY, BH_POLICY_ALTERED, BH_POLICY_EXPIRED, BH_POLICY_CLOCK, BH_POLICY_ROLLBACK, BH_POLICY_SERIAL_TAKEN
 */
export function acceptPolicy(
  { settings, document }: ReadPolicy,
  { key, now, seen, known }: AcceptedBy,
  file: string,
): void {
  const { signature, serial } = settings.bulkhead ?? {};
  if (signature === undefined || serial === undefined)
    throw new BulkheadError('BH_POLICY_UNSIGNED', { file });
  const keyId = keyIdOf(key);
  if (signature.keyId !== keyId)
    throw new BulkheadError('BH_POLICY_KEY', { file, signer: signature.keyId, keyId });
  if (!isSignedBy(document, signature, key)) throw new BulkheadError('BH_POLICY_ALTERED', { file, keyId });
  // From here on what the file says, its contact too, is the organization's word.
  refuseExpired(settings, { now, seen }, file);
  refuseOlder({ settings, document }, serial, known, file);
}

function refuseOlder(
  { settings, document }: ReadPolicy,
  serial: number,
  known: readonly KnownPolicy[],
  file: string,
): void {
  const contact = contactOf(settings);
  const [highest] = known.toSorted((a, b) => b.serial - a.serial);
  if (highest !== undefined && serial < highest.serial) {
    const { serial: highestSerial, source } = highest;
    throw new BulkheadError('BH_POLICY_ROLLBACK', { file, serial, highestSerial, source, contact });
  }
  const content = contentHash(document);
  const other = known.find(({ serial: taken, sha256 = content }) => taken === serial && sha256 !== content);
  if (other !== undefined)
    throw new BulkheadError('BH_POLICY_SERIAL_TAKEN', { file, serial, source: other.source, contact });
}

/**
 * Of a policy that nobody signs, too: what its own writer set an end to ends then. Threat: a clock that is set back to before that.
 *
 * @throws BH_POLICY_EXPIRED, BH_POLICY_CLOCK
 */
export function refuseExpired(
  settings: Settings,
  { now, seen }: Pick<AcceptedBy, 'now' | 'seen'>,
  file: string,
): void {
  const expires = settings.bulkhead?.expires;
  const contact = contactOf(settings);
  if (expires !== undefined && Date.parse(expires) <= now)
    throw new BulkheadError('BH_POLICY_EXPIRED', { file, expires, contact });
  if (expires !== undefined && seen !== undefined && Date.parse(expires) <= seen.time) {
    const { source } = seen;
    const highest = new Date(seen.time).toISOString();
    throw new BulkheadError('BH_POLICY_CLOCK', { file, expires, seen: highest, source, contact });
  }
}
