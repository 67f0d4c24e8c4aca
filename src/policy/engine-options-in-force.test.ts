import { expect, test } from 'vitest';
import { effectiveSettings } from './effective-settings.js';
import { engineOptionsInForce, insecureRegistriesInForce } from './engine-options-in-force.js';
import type { Settings } from './settings-schema.js';

const registries = {
  'registry-mirrors': ['http://127.0.0.1:5000'],
  'insecure-registries': ['0.0.0.0/0'],
};
const options = { ...registries, mtu: 1400 };
const user = { linuxVM: { dockerDaemonOptions: options } };
const listing = (images: string[], own: object = {}): Settings => ({
  configurationFileVersion: 2,
  enhancedContainerIsolation: {
    locked: true,
    value: true,
    dockerSocketMount: { imageList: { images, allowDerivedImages: false } },
  },
  ...own,
});

test("a user's own mirror does not answer for a name of the policy's list", () => {
  const policy = listing(['testcontainers/ryuk:*']);
  const { kept, stripped } = engineOptionsInForce(policy, effectiveSettings(policy, user));
  expect(kept).toEqual({ mtu: 1400 });
  expect(stripped.map(({ key }) => key)).toEqual(Object.keys(registries));
});

test.each([
  ['bulkhead.imageAccess', { imageAccess: { rules: [], default: 'deny', load: 'deny' } } as const],
  ['bulkhead.registryAccess', { registryAccess: { rules: [] } }],
])('nor for one that is held to the policy by %s', (rule, bulkhead) => {
  const policy = listing([], { bulkhead });
  const { kept, stripped } = engineOptionsInForce(policy, effectiveSettings(policy, user));
  expect(kept).toEqual({ mtu: 1400 });
  expect(insecureRegistriesInForce(policy, effectiveSettings(policy, user))).toEqual([]);
  const reason = `it is the user's, and the policy's ${rule} knows images by their registries' names`;
  expect(stripped).toEqual(Object.keys(registries).map((key) => ({ key, reason })));
});

test.each([
  ['without a policy', undefined],
  ['where nobody has the socket', listing([])],
  [
    'where they are the policy',
    listing(['a'], { linuxVM: { dockerDaemonOptions: { locked: true, value: options } } }),
  ],
])('%s they are kept', (_what, policy) => {
  const effective = effectiveSettings(policy, user);
  expect(engineOptionsInForce(policy, effective)).toEqual({ kept: options, stripped: [] });
  expect(insecureRegistriesInForce(policy, effective)).toEqual(options['insecure-registries']);
});
