import { expect, test } from 'vitest';
import { openWaysToCollector } from './collector-reach.js';
import { readSettings } from './read-settings.js';

const exported = { audit: { openTelemetry: { endpoint: 'https://collector.example.org/v1/logs' } } };
const network = { vpnkitCIDR: { locked: true, value: '192.168.65.0/24' } };
const inhibition = { locked: true, value: 'none' };

test.each([
  [{}, []],
  [{ bulkhead: { contact: 'a@b' } }, []],
  [{ bulkhead: exported }, ['linuxVM.vpnkitCIDR', 'dnsInhibition']],
  [{ bulkhead: exported, linuxVM: network }, ['dnsInhibition']],
  [
    { bulkhead: exported, linuxVM: network, dnsInhibition: { ...inhibition, locked: false } },
    ['dnsInhibition'],
  ],
  [{ bulkhead: exported, linuxVM: network, dnsInhibition: inhibition }, []],
])('%j', (policy, open) => {
  const text = JSON.stringify({ configurationFileVersion: 2, ...policy });
  const { settings, problems } = readSettings(Buffer.from(text), 'policy');
  expect(problems).toBeUndefined();
  expect(settings && openWaysToCollector(settings)).toEqual(open);
});
