import { expect, test } from 'vitest';
import { policyDifferences } from './differences.js';

const before = {
  blockDockerLoad: { locked: true, value: true },
  filesharingAllowedDirectories: [{ path: '$HOME' }, { path: '/a' }],
  bulkhead: { serial: 1, signature: { keyId: 'a', value: 'b' } },
};

test('nothing, where only order and signatures differ', () => {
  const { blockDockerLoad, ...rest } = before;
  const after = { ...rest, bulkhead: { signature: { keyId: 'c', value: 'd' }, serial: 1 }, blockDockerLoad };
  expect(policyDifferences(before, after)).toEqual([]);
});

test('what is changed, new and gone, by key; lists whole', () => {
  const after = {
    blockDockerLoad: { locked: true, value: false },
    filesharingAllowedDirectories: [{ path: '/a' }],
    bulkhead: { serial: 2, devices: [] },
  };
  expect(policyDifferences(before, after)).toEqual([
    { key: 'blockDockerLoad.value', before: true, after: false },
    { key: 'bulkhead.devices', before: undefined, after: [] },
    { key: 'bulkhead.serial', before: 1, after: 2 },
    {
      key: 'filesharingAllowedDirectories',
      before: [{ path: '$HOME' }, { path: '/a' }],
      after: [{ path: '/a' }],
    },
  ]);
  expect(policyDifferences(after, before)).toHaveLength(4);
});
