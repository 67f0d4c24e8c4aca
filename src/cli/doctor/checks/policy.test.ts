import { expect, test } from 'vitest';
import { BulkheadError } from '../../../common/errors/bulkhead-error.js';
import { judged } from '../test-support/judged.js';
import { policyCheck } from './policy.js';

const now = Date.parse('2026-11-22T00:00:00Z');
const policy = {
  file: '/etc/p.json',
  serial: 7,
  expires: '2027-11-22T00:00:00Z',
  contact: 'it@example.org',
  notCarriedOut: [],
};
const facts = { now, policy, imageKey: '0123456789abcdef', refusal: undefined, notes: [] };

test('in order, or none', () => {
  expect(judged(policyCheck, facts)).toEqual([
    'ok: /etc/p.json, serial 7, signed with 0123456789abcdef, valid until 2027-11-22T00:00:00Z',
  ]);
  expect(judged(policyCheck, { ...facts, policy: undefined })).toEqual(['ok: none']);
  expect(judged(policyCheck, { ...facts, imageKey: undefined })[0]).toContain('whether the image takes it');
});

test('one that nothing starts with', () => {
  const refusal = new BulkheadError('BH_POLICY_EXPIRED', {
    file: '/etc/p.json',
    expires: 'x',
    contact: 'it',
  });
  const findings = judged(policyCheck, { ...facts, policy: undefined, refusal });
  expect(findings).toHaveLength(1);
  expect(findings[0]).toMatch(/^problem: /);
});

test('what to know of one that is in order', () => {
  const all = judged(policyCheck, {
    ...facts,
    imageKey: null,
    policy: { ...policy, expires: '2026-11-25T12:00:00Z', notCarriedOut: ['proxy'] },
    notes: ['Images with the policy key x were run on this machine; this one has none.'],
  });
  expect(all.map((line) => line.split(' → ')[0])).toEqual([
    expect.stringMatching(/^ok: /),
    expect.stringContaining('no policy key'),
    'warning: it ends in 3 days; no engine starts with it then',
    'warning: not carried out by this version: proxy',
    'warning: Images with the policy key x were run on this machine; this one has none',
  ]);
  expect(all[2]).toContain('it@example.org');
});
