import { describe, expect, it } from 'vitest';
import type { NamespaceFact } from '../request.js';
import { binding, data, neighbour, system, tmpfs, type Over } from '../testing/binds.js';
import { planFor, planWithout } from '../testing/expect.js';
import { dataMount, othersNetwork, shareMount, systemMount } from '../testing/requests.js';
import { containerId, mount } from '../testing/specs.js';

describe('binds', () => {
  it('stages a volume: id-mapped, nosuid, nodev, without what is mounted below', () => {
    const request = binding('/var/lib/docker/volumes/v/_data', {}, 'rbind', 'rprivate', 'noatime', 'suid');
    const plan = planFor(request);
    expect(plan.binds).toEqual([
      { index: 1, readonly: false, nosuid: true, nodev: true, noexec: false, idmap: true, recursive: false },
    ]);
    expect(plan.spec.mounts).toEqual([
      mount('/x', 'bind', '/run/bulkhead/stage/b1', 'bind', 'nosuid', 'nodev', 'rprivate'),
    ]);
    expect(planWithout('binds', request).spec.mounts?.[0]?.source).toBe('/var/lib/docker/volumes/v/_data');
  });

  it.each([
    [['rbind', 'ro'], true, ['bind', 'ro', 'nosuid', 'nodev']],
    [['ro', 'bind', 'rro'], true, ['bind', 'ro', 'rro', 'nosuid', 'nodev']],
    [['bind', 'ro', 'rw'], false, ['bind', 'nosuid', 'nodev']],
    [['bind', 'exec', 'noexec'], false, ['bind', 'nosuid', 'nodev', 'noexec']],
  ])('reads the options %j as runc does', (options, readonly, given) => {
    const plan = planFor(binding('/var/lib/docker/volumes/v/_data', {}, ...options));
    expect(plan.binds[0]?.readonly).toBe(readonly);
    expect(plan.spec.mounts?.[0]?.options).toEqual(given);
  });

  it('repeats the read-only flag of a source that has it, or runc would be refused to clear it', () => {
    const plan = planFor(
      binding('/usr/bin/docker-init', system('/usr/bin/docker-init', { kind: 'file' }), 'bind'),
    );
    expect(plan.binds[0]?.readonly).toBe(true);
    expect(plan.spec.mounts?.[0]?.options).toContain('ro');
  });

  it('shares a directory of the host with what is mounted in it', () => {
    const fact = { realPath: '/host/home/ann/src', device: '0:60', mount: shareMount };
    expect(planFor(binding('/host/home/ann/src', fact, 'rbind')).binds[0]?.recursive).toBe(true);
    expect(planFor(binding('/host/home/ann/src', fact, 'bind')).binds[0]?.recursive).toBe(false);
  });

  describe('of a directory whose files a server shows as one id', () => {
    const fact = { realPath: '/host/home/ann/src', device: '0:60', mount: shareMount };
    const asked = (user: { uid: number; gid: number } | undefined, sharedByServer = true) => {
      const request = binding('/host/home/ann/src', fact, 'rbind');
      const { process = { cwd: '/' } } = request.spec;
      const spec = user === undefined ? request.spec : { ...request.spec, process: { ...process, user } };
      return planFor({ ...request, spec, engine: { ...request.engine, sharedByServer } });
    };

    it.each([
      { uid: 1000, gid: 100 },
      { uid: 1, gid: 0 },
      { uid: 0, gid: 7 },
      { uid: 65_535, gid: 65_535 },
    ])('for a container of user %j the files are of that one', (user) => {
      const plan = asked(user);
      expect(plan.owner).toEqual(user);
      expect(plan.binds[0]).toMatchObject({ idmap: true, owned: true });
    });

    it.each([undefined, { uid: 0, gid: 0 }])(
      'for a container of user %j they are of root, as they come',
      (user) => {
        const plan = asked(user);
        expect(plan.owner).toBeUndefined();
        expect(plan.binds[0]).toMatchObject({ idmap: true });
        expect(plan.binds[0]?.owned).toBeUndefined();
      },
    );

    it('nothing else is turned around: neither volumes, nor directories whose ids are one to one', () => {
      expect(asked({ uid: 1000, gid: 100 }, false).owner).toBeUndefined();
      const request = binding('/var/lib/docker/volumes/v/_data', {}, 'rbind');
      const spec = { ...request.spec, process: { cwd: '/', user: { uid: 1000, gid: 100 } } };
      const plan = planFor({ ...request, spec, engine: { ...request.engine, sharedByServer: true } });
      expect([plan.owner, plan.binds[0]?.owned]).toEqual([undefined, undefined]);
    });
  });

  it.each<[string, Over]>([
    ['a volume by another path', { ...data('volumes/v/_data/sub'), mount: dataMount }],
    [
      'a volume mounted elsewhere',
      {
        realPath: '/tmp/safe',
        mount: { ...dataMount, mountPoint: '/tmp/safe', root: '/docker/volumes/v/_data/sub' },
      },
    ],
    ['its own hosts file', { ...data(`containers/${containerId}/hosts`), kind: 'file' }],
    ['its own shared memory', tmpfs(`/var/lib/docker/containers/${containerId}/mounts/shm`)],
    [
      "the socket of the host's ssh agent",
      {
        realPath: '/run/host-services/ssh-auth.sock',
        kind: 'socket',
        device: '0:24',
        inode: '4711',
        mount: { ...systemMount, mountPoint: '/run', filesystem: 'tmpfs' },
      },
    ],
    [
      '/dev/null',
      {
        realPath: '/dev/null',
        kind: 'character-device',
        rdev: '1:3',
        device: '0:6',
        mount: { ...systemMount, mountPoint: '/dev', filesystem: 'devtmpfs' },
      },
    ],
  ])('allows %s', (_name, fact) => {
    expect(planFor(binding('/asked', fact, 'rbind')).binds).toHaveLength(1);
  });

  it('gives a container that shares a network the hosts file of its owner', () => {
    const path = '/proc/9/ns/net';
    const namespace: NamespaceFact = { ...othersNetwork, path, ownerContainerId: neighbour };
    const request = binding('/h', { ...data(`containers/${neighbour}/hosts`), kind: 'file' }, 'rbind');
    const { linux } = request.spec;
    const namespaces = (linux.namespaces ?? []).map((entry) =>
      entry.type === 'network' ? { ...entry, path } : entry,
    );
    const spec = { ...request.spec, linux: { ...linux, namespaces } };
    expect(planFor({ ...request, spec, namespaces: [namespace] }).binds).toHaveLength(1);
  });
});
