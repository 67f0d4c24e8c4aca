import { expect, test } from 'vitest';
import { settingsOf } from '../test-support/settings.js';
import { isListed } from './listed-hosts.js';
import { compileRegistryAccess } from './registry-rules.js';

const rules = [
  { host: 'docker.io' },
  { host: 'ghcr.io', alsoHosts: [{ host: 'pkg.example.com', role: 'blobs' }] },
  { host: '*.corp.example', port: 5000 },
  { host: 'closed.corp.example', port: 5000, pull: false },
  { host: '10.0.0.5', port: '*' },
  { host: '10.0.0.5', port: 6000, pull: false },
  { host: '[2001:db8::1]' },
];
const { bulkhead } = settingsOf({ bulkhead: { registryAccess: { rules } } });

test.each<[string, number | undefined, boolean]>([
  ['ghcr.io', 443, true],
  ['ghcr.io', 80, false],
  ['ghcr.io', undefined, true],
  ['pkg.example.com', 443, true],
  ['registry-1.docker.io', 443, true],
  ['auth.docker.io', 443, true],
  ['a.corp.example', 5000, true],
  ['a.corp.example', 443, false],
  ['corp.example', 5000, false],
  ['closed.corp.example', 5000, false],
  ['10.0.0.5', 8443, true],
  ['10.0.0.5', 6000, false],
  ['10.0.0.6', 443, false],
  ['2001:db8::1', 443, true],
  ['quay.io', undefined, false],
])('%s, port %s: %s', (host, port, expected) => {
  if (bulkhead?.registryAccess === undefined) throw new Error('it was not read');
  expect(isListed(compileRegistryAccess(bulkhead.registryAccess), host, port)).toBe(expected);
});
