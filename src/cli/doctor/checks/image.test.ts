import { expect, test } from 'vitest';
import { BulkheadError } from '../../../common/errors/bulkhead-error.js';
import { exampleManifest } from '../../../image/test-support/example-manifest.js';
import { judged } from '../test-support/judged.js';
import { imageCheck } from './image.js';

const suite = { name: 'forky', date: '2026-11-01T00:00:00Z', validUntil: null, expired: false };
const manifest = { ...exampleManifest(), flavour: 'release' as const, suite };
const now = Date.parse('2026-11-22T00:00:00Z');
const directory = '/images/1';

test('a sound one', () => {
  expect(judged(imageCheck, { image: { directory, manifest }, now })).toEqual([
    'ok: /images/1, intact; packages of 2026-11-01',
  ]);
});

test.each([
  [{ ...manifest, flavour: 'debug' as const }, /debug image/],
  [{ ...manifest, suite: { ...suite, date: '2026-01-01T00:00:00Z' } }, /packages are 325 days old/],
  [{ ...manifest, suite: { ...suite, expired: true } }, /past its validity/],
])('one to know something of: %#', (odd, text) => {
  const [first, second, ...rest] = judged(imageCheck, { image: { directory, manifest: odd }, now });
  expect(first).toMatch(/^ok/);
  expect(second).toMatch(text);
  expect(rest).toEqual([]);
});

test('none', () => {
  const image = new BulkheadError('BH_NO_IMAGE', { directory });
  expect(judged(imageCheck, { image, now })).toEqual([
    'problem: There is no VM image in /images/1 → Setting: up --image. Build one with `bulkhead image build`.',
  ]);
});
