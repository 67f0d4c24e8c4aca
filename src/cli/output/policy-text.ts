import type { PolicyStanding } from '../../common/health.js';

/** One line for a person: which policy is in force, by whose word, and for how long. */
export function policyText({ imageKey, inForce }: PolicyStanding, now: number): string {
  const keyless = 'the image has no policy key';
  if (inForce === 'none') return imageKey === null ? `none; ${keyless}` : 'none';
  const { serial, sha256, signedBy, expires } = inForce;
  return [
    ...(serial === null ? [] : [`serial ${serial}`]),
    signedBy === null ? `not signed (${keyless})` : `signed with ${signedBy}`,
    ...(expires === null ? [] : [validity(expires, now)]),
    `SHA-256 ${sha256.slice(0, 16)}…`,
  ].join(', ');
}

function validity(expires: string, now: number): string {
  return Date.parse(expires) <= now
    ? `EXPIRED ${expires}: the next start is refused`
    : `valid until ${expires}`;
}
