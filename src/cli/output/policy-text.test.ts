import { expect, test } from 'vitest';
import { policyText } from './policy-text.js';

const now = Date.parse('2026-11-21T12:00:00Z');
const inForce = { serial: 7, sha256: 'ab'.repeat(32), signedBy: '0123456789abcdef', expires: null };

test.each([
  [{ imageKey: null, inForce: 'none' as const }, 'none; the image has no policy key'],
  [{ imageKey: 'k', inForce }, 'serial 7, signed with 0123456789abcdef, SHA-256 abababababababab…'],
  [
    { imageKey: null, inForce: { ...inForce, serial: null, signedBy: null } },
    'not signed (the image has no policy key), SHA-256 abababababababab…',
  ],
  [
    { imageKey: 'k', inForce: { ...inForce, expires: '2026-11-21T12:00:01Z' } },
    'serial 7, signed with 0123456789abcdef, valid until 2026-11-21T12:00:01Z, SHA-256 abababababababab…',
  ],
  [
    { imageKey: 'k', inForce: { ...inForce, expires: '2026-11-21T12:00:00Z' } },
    'serial 7, signed with 0123456789abcdef, EXPIRED 2026-11-21T12:00:00Z: the next start is refused, SHA-256 abababababababab…',
  ],
])('%j', (standing, text) => {
  expect(policyText(standing, now)).toBe(text);
});
