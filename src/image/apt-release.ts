import type { Manifest } from './manifest.js';

export type Suite = Manifest['suite'];

/**
 * Reads the fields we record of a signed Release file (Debian wiki, "DebianRepository/Format"). Call it only on a file apt
 * accepted: nothing here checks the signature. Undefined where a field is missing or unreadable.
 */
export function parseRelease(text: string, now: Date): Suite | undefined {
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}: *(.+)$`, 'm').exec(text)?.[1]?.trim();
  const name = field('Codename');
  const date = toIso(field('Date'));
  const validUntil = toIso(field('Valid-Until'));
  if (name === undefined || date === undefined) return undefined;
  return {
    name,
    date,
    validUntil: validUntil ?? null,
    expired: validUntil !== undefined && Date.parse(validUntil) < now.getTime(),
  };
}

function toIso(value: string | undefined): string | undefined {
  const time = value === undefined ? Number.NaN : Date.parse(value);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
