import { expect, test } from 'vitest';
import { judged } from '../test-support/judged.js';
import { sharingCheck } from './sharing.js';

const fine = {
  platform: 'linux' as const,
  hasImage: true,
  hasServer: true,
  trial: { worked: true, said: 'virtiofsd 1.14.0\n' },
  descriptors: 100_000,
};

test('a server that starts', () => {
  expect(judged(sharingCheck, fine)).toEqual(['ok: virtiofsd 1.14.0 starts, in namespaces of its own']);
});

test('one that may open few files', () => {
  expect(judged(sharingCheck, { ...fine, descriptors: 4096 })).toEqual([
    'ok: virtiofsd 1.14.0 starts, in namespaces of its own',
    expect.stringMatching(/^warning: .* no more than 4096 files .* → .*ulimit -Hn.* to 100000 or more/),
  ]);
  expect(judged(sharingCheck, { ...fine, descriptors: undefined })).toHaveLength(1);
});

test.each([
  [
    { ...fine, trial: { worked: false, said: 'no user namespaces: denied\nmore' } },
    /not start: no user namespaces: denied →/,
  ],
  [{ ...fine, hasServer: false, trial: undefined }, /no server of shared directories → .*image build/],
  [{ ...fine, platform: 'darwin' as const, trial: undefined }, /on Linux alone/],
])('one that does not: %#', (facts, text) => {
  const [first, ...rest] = judged(sharingCheck, facts);
  expect(first).toMatch(/^warning/);
  expect(first).toMatch(text);
  expect(rest).toEqual([]);
});

test('without an image there is nothing to say', () => {
  expect(judged(sharingCheck, { ...fine, hasImage: false, hasServer: false, trial: undefined })).toEqual([]);
});
