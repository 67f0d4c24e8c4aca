import type { Manifest } from '../manifest.js';

/** A well-formed manifest of an image that does not exist. */
export function exampleManifest(): Manifest {
  const sha256 = 'ab'.repeat(32);
  const file = (path: string) => ({ path, size: 8192, sha256 });
  return {
    format: 1,
    flavour: 'release',
    kernelVersion: '7.2.12+deb14-cloud-amd64',
    files: {
      kernel: file('kernel'),
      initramfs: file('initramfs'),
      root: file('root.erofs'),
      hash: file('root.verity'),
    },
    verity: {
      algorithm: 'sha256',
      dataBlockSize: 4096,
      hashBlockSize: 4096,
      dataBlocks: 2,
      salt: 'cd'.repeat(32),
      rootHash: sha256,
    },
    suite: {
      name: 'forky',
      date: '2026-10-30T08:08:01.000Z',
      validUntil: '2026-11-06T08:08:01.000Z',
      expired: true,
    },
    packages: [{ name: 'runc', version: '1.3.6+ds1-1', architecture: 'amd64', sha256 }],
    sources: sha256,
    uncompressed: { bytes: 100, largest: [{ path: '/usr/sbin/dockerd', size: 80 }] },
  };
}
