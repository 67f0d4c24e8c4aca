import { describe, expect, it } from 'vitest';
import { building, data, neighbour, system, tmpfs, type Over } from '../testing/binds.js';
import { planFor, refusalFor } from '../testing/expect.js';
import { dataMount } from '../testing/requests.js';

describe('binds of a build step', () => {
  it.each<[string, Over]>([
    ['its resolv.conf', { ...data('buildkit/executor/resolv.conf'), kind: 'file' }],
    ['its hosts', { ...data('buildkit/executor/hosts.1x2y'), kind: 'file' }],
    ['a cache mount', data('overlay2/x/diff/cache')],
    [
      'a layer mounted for a moment',
      {
        realPath: '/var/lib/docker/tmp/buildkit-mount1/a',
        mount: {
          ...dataMount,
          mountPoint: '/var/lib/docker/tmp/buildkit-mount1',
          root: '/docker/overlay2/x/diff',
        },
      },
    ],
    [
      'a layer of containerd',
      {
        realPath: '/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/3/fs',
        mount: { ...dataMount, mountPoint: '/var/lib/containerd', root: '/containerd' },
      },
    ],
    ['a secret', { ...tmpfs('/var/lib/docker/tmp/buildkit-secrets77', '/abc'), kind: 'file' }],
    ['an ssh agent', { ...data('tmp/.buildkit-ssh-sock1/ssh_auth_sock'), kind: 'socket' }],
  ])('allows %s', (_name, fact) => {
    expect(planFor(building('/asked', fact)).binds).toHaveLength(1);
  });

  it.each<[string, Over]>([
    ['the files of a container', { ...data(`containers/${neighbour}/hosts`), kind: 'file' }],
    ['the state of BuildKit', data('buildkit')],
    ['the shared memory of a container', tmpfs(`/var/lib/docker/containers/${neighbour}/mounts/shm`)],
    ['/etc', system('/etc')],
  ])('refuses %s', (_name, fact) => {
    expect(refusalFor(building('/asked', fact)).code).toBe('BH_ISOLATION_RESTRICTED_MOUNT');
  });
});
