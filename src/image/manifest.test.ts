import { expect, test } from 'vitest';
import { parseManifest } from './manifest.js';
import { exampleManifest } from './test-support/example-manifest.js';

const parse = (value: unknown) => parseManifest(JSON.stringify(value), 'manifest.json');

test('what the build writes is read back unchanged', () => {
  expect(parse(exampleManifest())).toEqual(exampleManifest());
});

test.each([
  ['an unknown field', { ...exampleManifest(), extra: 1 }, 'extra'],
  ['another format', { ...exampleManifest(), format: 2 }, 'format'],
  [
    'a root hash that is too short',
    { ...exampleManifest(), verity: { ...exampleManifest().verity, rootHash: 'ab' } },
    'verity.rootHash',
  ],
  [
    'a salt that would end the command line word',
    { ...exampleManifest(), verity: { ...exampleManifest().verity, salt: 'ab init=/x' } },
    'verity.salt',
  ],
  ['no packages', { ...exampleManifest(), packages: [] }, 'packages'],
])('refuses %s and names the field', (_, value, field) => {
  expect(() => parse(value)).toThrow(expect.objectContaining({ code: 'BH_IMAGE_MANIFEST' }));
  expect(() => parse(value)).toThrow(field);
});

test.each(['../kernel', '/boot/vmlinuz', 'a/b', '', '.hidden'])(
  'a file name must stay in the directory: "%s"',
  (path) => {
    const manifest = exampleManifest();
    const files = { ...manifest.files, kernel: { ...manifest.files.kernel, path } };
    expect(() => parse({ ...manifest, files })).toThrow('files.kernel.path');
  },
);

test('text that is no JSON is said to be none', () => {
  expect(() => parseManifest('{', 'm.json')).toThrow(/m\.json.*not JSON/);
});
