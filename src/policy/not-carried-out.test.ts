import { expect, test } from 'vitest';
import { notCarriedOut } from './not-carried-out.js';
import { readSettings } from './read-settings.js';

function namesOf(policy: object): string[] {
  const text = JSON.stringify({ configurationFileVersion: 2, ...policy });
  const { settings, problems } = readSettings(Buffer.from(text), 'policy');
  if (settings === undefined) throw problems[0];
  return notCarriedOut(settings);
}

test('what isolation is told is carried out, and what is of no use to Bulkhead is no rule', () => {
  const bulkhead = { contact: 'Ada', serial: 3, allowPrivileged: false, idsPerContainer: 131_072 };
  const enhancedContainerIsolation = { locked: true, value: true };
  const scout = { locked: true, sbomIndexing: false };
  expect(namesOf({ bulkhead, enhancedContainerIsolation, scout })).toEqual([]);
  const egress = {
    networkAccess: { default: 'deny', rules: [] },
    registryAccess: { rules: [] },
    imageAccess: {},
  };
  expect(namesOf({ containersProxy: { mode: 'system' }, bulkhead: egress })).toEqual([]);
});

test.each([
  [{ proxy: { mode: 'manual', http: 'proxy.example', pac: 'http://x' } }, 'proxy.pac'],
  [{ proxy: { mode: 'system', embeddedPac: '', enableKerberosNtlm: true } }, 'proxy.enableKerberosNtlm'],
  [{ enhancedContainerIsolation: { value: false } }, 'enhancedContainerIsolation.value'],
  [
    {
      enhancedContainerIsolation: {
        value: true,
        dockerSocketMount: { commandList: { commands: ['push', 'compose'] } },
      },
    },
    'enhancedContainerIsolation.dockerSocketMount.commandList: compose',
  ],
  [
    { bulkhead: { socketRules: [{ image: 'docker:*', commandList: { commands: ['scout'] } }] } },
    'bulkhead.socketRules (docker:*): scout',
  ],
])('%j is told by name', (policy, name) => {
  expect(namesOf(policy)).toEqual([name]);
});
