import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { PolicyStanding } from '../common/health.js';
import { defaultPolicy } from '../isolation/policy.js';
import { builtInValues } from '../policy/index.js';
import { type PolicyInForce, readPolicyInForce } from './policy-in-force.js';

const standing: PolicyStanding = { imageKey: null, inForce: 'none' };
const admit = (): PolicyStanding => standing;

function inForce(text: string): PolicyInForce {
  const dir = mkdtempSync(join(tmpdir(), 'bulkhead-policy-'));
  onTestFinished(() => {
    rmSync(dir, { recursive: true });
  });
  writeFileSync(join(dir, 'policy'), text);
  const fd = openSync(join(dir, 'policy'), 'r');
  try {
    return readPolicyInForce(fd, admit);
  } finally {
    closeSync(fd);
  }
}
const policyOf = (bulkhead: object): PolicyInForce =>
  inForce(JSON.stringify({ configurationFileVersion: 2, bulkhead }));

test('without a policy, and by one that says nothing of isolation, the default is in force', () => {
  expect(readPolicyInForce(undefined, admit)).toMatchObject({
    isolation: defaultPolicy,
    settings: { configurationFileVersion: 2 },
  });
  expect(inForce('{"configurationFileVersion": 2}').isolation).toEqual(defaultPolicy);
  const off =
    '{"configurationFileVersion": 2, "enhancedContainerIsolation": {"locked": true, "value": false}}';
  expect(inForce(off).isolation).toEqual(defaultPolicy);
});

const changed = {
  contact: 'security@example.org',
  allowPrivileged: false,
  buildHostNetwork: 'private',
  buildInsecure: 'confined',
  devices: [{ path: '/dev/kvm', major: 10, minor: 232 }],
  idsPerContainer: 131_072,
  cgroupParents: ['/docker', '/ci'],
  minimumOomScoreAdj: 0,
  seccompExempt: ['socketcall'],
};

test.each(Object.entries(changed))('%s is what the file says, and nothing else changes', (key, value) => {
  expect(policyOf({ [key]: value }).isolation).toEqual({ ...defaultPolicy, [key]: value });
});

test('every key of the isolation policy has one in the file', () => {
  expect(Object.keys(changed).sort()).toEqual(Object.keys(defaultPolicy).sort());
});

test.each([
  ['', /^the policy:1:1: /],
  ['{"configurationFileVersion": 2,}', /^the policy:1:\d+: /],
  ['{"configurationFileVersion": 2, "bulkhead": {"allowPrivileged": "no"}}', /bulkhead\.allowPrivileged: /],
  ['{"configurationFileVersion": 2, "bulkhead": {"seccompExempt": ["Open"]}}', /seccompExempt\[0\]: /],
  ['{"configurationFileVersion": 2, "bulkhead": {"cgroupParents": ["ci"]}}', /cgroupParents\[0\]: /],
])('what is not in order comes into force in no part: %s', (text, message) => {
  expect(() => inForce(text)).toThrow(message);
});

test('what may not come into force does not, and neither does no policy', () => {
  const refuse = (): PolicyStanding => {
    throw new Error('not admitted');
  };
  expect(() => readPolicyInForce(undefined, refuse)).toThrow('not admitted');
});

test('it is judged by the SHA-256 of the file as it was given', () => {
  const dir = mkdtempSync(join(tmpdir(), 'bulkhead-policy-'));
  onTestFinished(() => {
    rmSync(dir, { recursive: true });
  });
  const text = '{ "configurationFileVersion": 2 }\n';
  writeFileSync(join(dir, 'policy'), text);
  const fd = openSync(join(dir, 'policy'), 'r');
  const seen: (string | undefined)[] = [];
  readPolicyInForce(fd, (policy) => {
    seen.push(policy?.sha256);
    return standing;
  });
  closeSync(fd);
  expect(seen).toEqual([createHash('sha256').update(text).digest('hex')]);
});

test('what `policy show` calls built-in is what isolation goes by', () => {
  for (const [key, value] of Object.entries(defaultPolicy))
    expect(builtInValues[`bulkhead.${key}`]).toEqual(value);
});
