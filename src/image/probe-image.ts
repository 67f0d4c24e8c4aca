import { writeDockerArchive } from './docker-archive.js';
import type { TarEntry } from './tar.js';

export const probeTag = 'bulkhead/probe:latest';

/**
 * The image `bulkhead/probe`, loaded at first boot so that the demonstration and the tests need no registry: busybox under all
 * its names, and the probe. `applets` are paths as `busybox --list-full` prints them.
 */
export function writeProbeImage(busybox: Buffer, applets: readonly string[], probe: Buffer): Buffer {
  const links = applets.filter((path) => path !== 'bin/busybox' && path !== 'linuxrc');
  const directories = [
    'bin',
    'dev',
    'etc',
    'mnt',
    'proc',
    'root',
    'sbin',
    'sys',
    'usr',
    'usr/bin',
    'usr/sbin',
    'var',
  ];
  const files: TarEntry[] = [
    ...directories.map((path) => ({ path, type: 'directory' as const, mode: 0o755 })),
    { path: 'tmp', type: 'directory', mode: 0o1777 },
    { path: 'bin/busybox', type: 'file', mode: 0o755, data: busybox },
    { path: 'bin/probe', type: 'file', mode: 0o755, data: probe },
    {
      path: 'etc/passwd',
      type: 'file',
      mode: 0o644,
      data: Buffer.from('root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n'),
    },
    { path: 'etc/group', type: 'file', mode: 0o644, data: Buffer.from('root:x:0:\nnogroup:x:65534:\n') },
    ...links.map((path) => ({ path, type: 'symlink' as const, target: '/bin/busybox' })),
  ];
  return writeDockerArchive(probeTag, files, {
    command: ['/bin/sh'],
    environment: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  });
}
