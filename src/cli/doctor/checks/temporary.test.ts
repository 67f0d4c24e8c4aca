import { expect, test } from 'vitest';
import { judged } from '../test-support/judged.js';
import { temporaryCheck } from './temporary.js';

const tmp = { kind: 'directory' as const, mode: 0o1777, uid: 0, gid: 0, size: 0, taken: 0 };
const device = { ...tmp, kind: 'device' as const, mode: 0o666 };
const facts = { directories: [{ path: '/tmp', facts: tmp }], nullDevice: device };

test('as they should be', () => {
  expect(judged(temporaryCheck, facts)).toEqual([expect.stringMatching(/^ok/)]);
});

test.each([
  [{ ...tmp, mode: 0o777 }, /^problem: \/tmp lets every user remove .*chmod 1777 \/tmp/],
  [{ ...tmp, uid: 1000 }, /^warning: \/tmp belongs to user 1000/],
  [{ ...tmp, mode: 0o700 }, /^warning: \/tmp is closed/],
  [undefined, /^problem: \/tmp is missing/],
])('/tmp: %j', (found, text) => {
  const findings = judged(temporaryCheck, { ...facts, directories: [{ path: '/tmp', facts: found }] });
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatch(text);
});

test.each([
  undefined,
  { ...device, kind: 'file' as const },
  { ...device, uid: 5 },
  { ...device, mode: 0o600 },
])('/dev/null: %j', (nullDevice) => {
  expect(judged(temporaryCheck, { ...facts, nullDevice })).toEqual([
    expect.stringMatching(/^problem: \/dev\/null is not the device/),
  ]);
});
