import { expect, test } from 'vitest';
import { guestFacts } from '../../vm/controller/guest-facts.js';
import { exampleHealth } from './test-support/example-health.js';
import { type WarningFacts, warningsOf } from './warnings.js';

const gibibyte = 1024 ** 3;
const now = Date.parse('2026-11-22T12:00:00Z');
const disk = { sizeBytes: 64 * gibibyte, takenBytes: 4 * gibibyte, freeBytes: 100 * gibibyte };
const calm: WarningFacts = {
  now,
  mode: 'vm',
  ready: true,
  guest: guestFacts(exampleHealth),
  lastWord: undefined,
  host: { dataDisk: disk, vmResidentBytes: gibibyte },
  restart: undefined,
};
const guest = (part: object): WarningFacts => ({ ...calm, guest: guestFacts({ ...exampleHealth, ...part }) });
const { containerd, dockerd } = exampleHealth.services;
const inForce = { serial: 7, sha256: 'ab', signedBy: 'k', expires: '' };
const policy = (expires: string): object => ({ policy: { imageKey: 'k', inForce: { ...inForce, expires } } });

test('nothing to warn of', () => {
  expect(warningsOf(calm)).toEqual([]);
  // A VM that boots says nothing yet, which is no news.
  expect(warningsOf({ ...calm, ready: false, guest: guestFacts(null), lastWord: null })).toEqual([]);
});

test.each<[string, WarningFacts]>([
  [
    'the VM did not answer in time and has said nothing before',
    { ...calm, guest: guestFacts(null), lastWord: null },
  ],
  ['is from 2026-11-22T11:00:00Z', { ...calm, lastWord: '2026-11-22T11:00:00Z' }],
  ['not read-only and not verified', guest({ rootFilesystem: { readonly: false, verity: false } })],
  ['restart needed: it changed', { ...calm, restart: 'it changed' }],
  ['EXPIRED', guest(policy('2026-11-22T11:00:00Z'))],
  ['ends in 2 days', guest(policy('2026-11-25T11:00:00Z'))],
  ['the engine does not answer', guest({ engine: { ready: false } })],
  ['dockerd is waiting', guest({ services: { containerd, dockerd: { ...dockerd, state: 'waiting' } } })],
  [
    'dockerd ended 2 times and was started again (last with signal 9)',
    guest({
      services: { containerd, dockerd: { ...dockerd, restarts: 2, lastExit: { kind: 'signal', value: 9 } } },
    }),
  ],
  [
    'almost full: 1.0 GiB',
    guest({ dataDisk: { totalBytes: 64 * gibibyte, usedBytes: 60 * gibibyte, availableBytes: gibibyte } }),
  ],
  [
    'only 1.0 GiB are left on the disk of this machine',
    { ...calm, host: { dataDisk: { ...disk, freeBytes: gibibyte }, vmResidentBytes: null } },
  ],
  [
    '4 lines of the audit log were lost (ENOSPC)',
    guest({ audit: { ...exampleHealth.audit, lost: 4, lastError: 'ENOSPC' } }),
  ],
  [
    '9 lines of the audit log did not reach the collector (ECONNREFUSED)',
    guest({
      audit: {
        ...exampleHealth.audit,
        openTelemetry: { sent: 0, dropped: 9, waiting: 0, lastError: 'ECONNREFUSED' },
      },
    }),
  ],
  ['nobody is signed in', guest({ signIn: { issuer: 'i', organizations: ['o'], member: null } })],
])('%s', (text, facts) => {
  const warnings = warningsOf(facts);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain(text);
});

test('a disk that cannot grow any more needs no room beside it; a root without verity is native mode', () => {
  const whole = { ...disk, takenBytes: disk.sizeBytes, freeBytes: 0 };
  expect(warningsOf({ ...calm, host: { dataDisk: whole, vmResidentBytes: null } })).toEqual([]);
  const rootFilesystem = { readonly: true, verity: false };
  expect(warningsOf({ ...guest({ rootFilesystem }), mode: 'native' })).toEqual([]);
});
