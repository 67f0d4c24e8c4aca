import { type Publishers, publishersAt } from '../../policy/index.js';
import { readSettings } from '../../policy/read-settings.js';
import { canonicalImage } from '../names/canonical-image.js';
import type { Access } from '../registry-requests/operation.js';
import type { Verdict } from '../verdict.js';
import { decideImage, type KnownContents } from './decide-image.js';
import { compileImageAccess, type ImageRules } from './image-rules.js';

/** A policy with this `imageAccess`, compiled. @param publishers namespaces of the list, or what is known of it. */
export function rulesOf(imageAccess: object, publishers: readonly string[] | Publishers = []): ImageRules {
  const document = { configurationFileVersion: 2, bulkhead: { imageAccess } };
  const { settings, problems } = readSettings(Buffer.from(JSON.stringify(document)), 'p.json');
  const access = settings?.bulkhead?.imageAccess;
  if (access === undefined) throw problems?.[0] ?? new Error('no rules');
  const now = Date.parse('2026-11-22T12:00:00Z');
  const expires = '2027-01-01T00:00:00Z';
  return compileImageAccess(
    access,
    'namespaces' in publishers
      ? publishers
      : publishersAt({ publishersVersion: 1, serial: 1, expires, namespaces: [...publishers] }, now),
  );
}

export function decide(
  rules: ImageRules,
  text: string,
  access: Access = 'pull',
  known?: KnownContents,
): Verdict {
  const image = canonicalImage(text);
  if (image === undefined) throw new Error(text);
  return decideImage(rules, { image, access, contact: 'Ada', ...(known === undefined ? {} : { known }) });
}

/** The place that permits, or the reason and the place that refuse. */
export function words(verdict: Verdict): string {
  if (verdict.verdict === 'permit') return verdict.place.replace('bulkhead.imageAccess.', '');
  const { reason = '', place = '' } = verdict.error.params;
  return `no: ${reason} (${String(place).replace('bulkhead.imageAccess.', '')})`;
}
