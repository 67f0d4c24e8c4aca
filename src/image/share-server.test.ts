import { expect, test } from 'vitest';
import type { ElfInfo } from './elf.js';
import type { ListedNode } from './listing.js';
import { exampleManifest } from './test-support/example-manifest.js';
import { programFiles, shareServerOf } from './share-server.js';

const file: ListedNode = { type: 'file', mode: 0o755, size: 1 };
const lib = '/usr/lib/x86_64-linux-gnu';
const listing = new Map<string, ListedNode>([
  ['/usr/libexec/virtiofsd', file],
  [`${lib}/ld-linux-x86-64.so.2`, file],
  [`${lib}/libc.so.6`, file],
  [`${lib}/libcap-ng.so.0`, { type: 'symlink', target: 'libcap-ng.so.0.0.0' }],
  [`${lib}/libcap-ng.so.0.0.0`, file],
]);
const elfs: Readonly<Record<string, ElfInfo>> = {
  '/usr/libexec/virtiofsd': {
    interpreter: '/lib64/ld-linux-x86-64.so.2',
    needed: ['libcap-ng.so.0', 'libc.so.6'],
  },
  [`${lib}/libcap-ng.so.0.0.0`]: { interpreter: undefined, needed: ['libc.so.6'] },
  [`${lib}/libc.so.6`]: { interpreter: undefined, needed: ['ld-linux-x86-64.so.2'] },
};
const readElf = async (path: string) => elfs[path];

test('a program is copied with its loader and every library, by the names the loader looks for', async () => {
  const { loader, sources } = await programFiles(listing, readElf);
  expect(loader).toBe('ld-linux-x86-64.so.2');
  expect([...sources]).toEqual([
    ['ld-linux-x86-64.so.2', `${lib}/ld-linux-x86-64.so.2`],
    ['libc.so.6', `${lib}/libc.so.6`],
    ['libcap-ng.so.0', `${lib}/libcap-ng.so.0.0.0`],
    ['virtiofsd', '/usr/libexec/virtiofsd'],
  ]);
});

test.each(['/usr/libexec/virtiofsd', `${lib}/libc.so.6`, `${lib}/libcap-ng.so.0.0.0`])(
  'without %s there is no image',
  async (path) => {
    const less = new Map([...listing].filter(([name]) => name !== path));
    await expect(programFiles(less, readElf)).rejects.toMatchObject({ code: 'BH_IMAGE_RULE' });
  },
);

test('a program whose links lead round in a circle is refused', async () => {
  const circle = new Map([
    ...listing,
    [`${lib}/libc.so.6`, { type: 'symlink', target: 'libc.so.6' }] as const,
  ]);
  await expect(programFiles(circle, readElf)).rejects.toMatchObject({ code: 'BH_IMAGE_RULE' });
});

test('the manifest says what is run; an older one nothing', () => {
  const manifest = exampleManifest();
  expect(shareServerOf('/image', manifest)).toBeUndefined();
  const part = manifest.files.kernel;
  expect(shareServerOf('/image', { ...manifest, shareServer: { loader: 'ld.so', files: [part] } })).toEqual({
    loader: '/image/virtiofsd/ld.so',
    libraries: '/image/virtiofsd',
    program: '/image/virtiofsd/virtiofsd',
  });
});
