import { describe, expect, it } from 'vitest';
import { binding, data, neighbour, system, tmpfs, type Over } from '../testing/binds.js';
import { refusalFor } from '../testing/expect.js';
import { dataMount, opened, shareMount, systemMount } from '../testing/requests.js';
import { containerId } from '../testing/specs.js';

describe('binds refused', () => {
  it.each<[string, Over]>([
    ['/etc/docker/daemon.json', system('/etc/docker/daemon.json', { kind: 'file' })],
    ['/', system('/')],
    [
      '/run',
      {
        realPath: '/run',
        device: '0:24',
        mount: { ...systemMount, mountPoint: '/run', filesystem: 'tmpfs' },
      },
    ],
    ['/var/lib/docker', data('')],
    ['/var/lib/docker/volumes', data('volumes')],
    ['/var/lib/docker/volumes/v', data('volumes/v')],
    ['/var/lib/docker/overlay2/x/diff', data('overlay2/x/diff')],
    [
      '/var/lib/docker/buildkit/executor/resolv.conf',
      { ...data('buildkit/executor/resolv.conf'), kind: 'file' },
    ],
    ["a neighbour's hosts", { ...data(`containers/${neighbour}/hosts`), kind: 'file' }],
    ['its own configuration', { ...data(`containers/${containerId}/config.v2.json`), kind: 'file' }],
    ["a neighbour's shared memory", tmpfs(`/var/lib/docker/containers/${neighbour}/mounts/shm`)],
    ['a tmpfs elsewhere', tmpfs('/run/secrets')],
    ['a symlink to /etc in a volume', system('/etc')],
    [
      'a volume with o=bind,device=/etc',
      {
        ...data('volumes/v/_data'),
        device: '254:0',
        mount: { ...systemMount, mountPoint: '/var/lib/docker/volumes/v/_data', root: '/etc' },
      },
    ],
    [
      'a volume with o=bind,device=/var/lib/docker',
      {
        ...data('volumes/v/_data'),
        mount: { ...dataMount, mountPoint: '/var/lib/docker/volumes/v/_data', root: '/docker' },
      },
    ],
    [
      'another file system with the same path inside',
      {
        realPath: '/mnt/docker/volumes/v/_data',
        device: '254:48',
        mount: { ...dataMount, mountPoint: '/mnt', root: '/' },
      },
    ],
    ['facts that contradict each other', { realPath: '/etc', mount: dataMount }],
    ['docker.sock', { realPath: '/run/docker/docker.sock', kind: 'socket', device: '0:24' }],
    [
      "another socket beside that of the host's ssh agent",
      { realPath: '/run/host-services/ssh-auth.sock', kind: 'socket', device: '0:24', inode: '4712' },
    ],
    [
      'a file of another file system with the same number',
      { realPath: '/run/host-services/ssh-auth.sock', kind: 'socket', device: '0:25', inode: '4711' },
    ],
    [
      'a socket in a shared directory',
      { realPath: '/host/home/s', kind: 'socket', device: '0:60', mount: shareMount },
    ],
    ['a socket in a volume', { ...data('volumes/v/_data/s'), kind: 'socket' }],
    ['a fifo in a volume', { ...data('volumes/v/_data/f'), kind: 'fifo' }],
    ['the ssh socket of a build', { ...data('tmp/.buildkit-ssh-sock1/ssh_auth_sock'), kind: 'socket' }],
  ])('refuses %s', (source, fact) => {
    const refusal = refusalFor(binding(source, fact, 'rbind'));
    expect(refusal.rule).toBe('binds');
    expect(refusal.message).toContain(
      `can't mount ${source} because it's configured as a restricted host mount`,
    );
    expect(refusal.message).toContain('your administrator');
  });

  it.each<[string, Over, string]>([
    ['/dev/vda', { realPath: '/dev/vda', kind: 'block-device', rdev: '254:0' }, 'it is a block device'],
    [
      '/dev/kmsg',
      { realPath: '/dev/kmsg', kind: 'character-device', rdev: '1:11' },
      'it is a character device',
    ],
    [
      'a false null',
      { realPath: '/dev/null', kind: 'character-device', rdev: '1:11' },
      'it is a character device',
    ],
    [
      'a merged image',
      { ...data('overlay2/x/merged'), device: '0:90', mount: { ...dataMount, filesystem: 'overlay' } },
      'it lies on overlay',
    ],
    [
      'a share of the old kind',
      { realPath: '/host/home/a', device: '0:60', mount: { ...shareMount, filesystem: '9p' } },
      'it lies on 9p',
    ],
  ])('refuses %s and says what it is', (source, fact, text) => {
    expect(refusalFor(binding(source, fact, 'rbind')).message).toContain(text);
  });

  it('refuses what could not be opened, and facts about another path', () => {
    expect(refusalFor(binding('/gone', { errno: 2 }, 'rbind')).code).toBe('BH_ISOLATION_SOURCE_UNREADABLE');
    const request = binding('/var/lib/docker/volumes/v/_data', {}, 'rbind');
    const swapped = [...request.facts.slice(0, 1), opened('/var/lib/docker/volumes/w/_data')];
    expect(refusalFor({ ...request, facts: swapped }).code).toBe('BH_ISOLATION_RESTRICTED_MOUNT');
    expect(refusalFor({ ...request, facts: request.facts.slice(0, 1) }).rule).toBe('binds');
  });
});
