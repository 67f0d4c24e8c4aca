import { describe, expect, it } from 'vitest';
import type { SourceFact } from '../plan.js';
import type { IsolationRequest, NamespaceFact } from '../request.js';
import { containing, planFor, planWithout, refusalFor } from '../testing/expect.js';
import {
  buildStep,
  dataMount,
  opened,
  overlayAt,
  requestFor,
  shareMount,
  systemMount,
} from '../testing/requests.js';
import { buildSpec, containerId, containerSpec, mount } from '../testing/specs.js';

type Over = Parameters<typeof opened>[1];

/** One bind of `source`, found to be `fact`. */
function binding(source: string, fact: Over | { errno: number }, ...options: string[]): IsolationRequest {
  const spec = containerSpec();
  const request = requestFor({ ...spec, mounts: [mount('/x', 'bind', source, ...options)] });
  const found: SourceFact =
    fact !== undefined && 'errno' in fact
      ? { path: source, opened: false, errno: fact.errno }
      : { ...opened(source, fact), path: source };
  return { ...request, facts: [...request.facts.slice(0, 1), found] };
}

const data = (path: string): Over => ({ realPath: `/var/lib/docker/${path}` });
const system = (realPath: string, over: Over = {}): Over => ({
  realPath,
  device: '254:0',
  mount: systemMount,
  ...over,
});
const tmpfs = (mountPoint: string, below = ''): Over => ({
  realPath: `${mountPoint}${below}`,
  device: '0:81',
  mount: { ...dataMount, mountPoint, root: '/', filesystem: 'tmpfs', source: 'shm' },
});
const neighbour = 'b'.repeat(64);

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
    ['docker.sock', { realPath: '/run/bulkhead/engine/docker.sock', kind: 'socket', device: '0:24' }],
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

  it('gives a container that shares a network the hosts file of its owner', () => {
    const path = '/proc/9/ns/net';
    const namespace: NamespaceFact = {
      path,
      kind: 'container',
      ownerContainerId: neighbour,
      ownerIds: { base: 655_360, size: 65_536 },
      userNamespace: '4026532700',
      index: 7,
      userIndex: 8,
    };
    const request = binding('/h', { ...data(`containers/${neighbour}/hosts`), kind: 'file' }, 'rbind');
    const { linux } = request.spec;
    const namespaces = (linux.namespaces ?? []).map((entry) =>
      entry.type === 'network' ? { ...entry, path } : entry,
    );
    const spec = { ...request.spec, linux: { ...linux, namespaces } };
    expect(planFor({ ...request, spec, namespaces: [namespace] }).binds).toHaveLength(1);
  });
});

describe('binds of a build step', () => {
  function building(source: string, fact: Over, ...options: string[]): IsolationRequest {
    const spec = { ...buildSpec(), mounts: [mount('/x', 'bind', source, 'rbind', ...options)] };
    const request = requestFor(spec, { container: buildStep });
    return { ...request, facts: [...request.facts.slice(0, 1), { ...opened(source, fact), path: source }] };
  }

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

  describe('of the merged layers of a stage', () => {
    const point = '/var/lib/docker/overlay2/2222/merged';
    const stage = overlayAt(point, '2222', `${point}/out/sub`);
    const layers = '/var/lib/docker/overlay2';

    it('mounts them anew, the upper one as a lower one where the step may not write', () => {
      const plan = planFor(building(point, stage, 'ro'));
      expect(plan.binds).toEqual([
        {
          index: 1,
          readonly: true,
          nosuid: true,
          nodev: true,
          noexec: false,
          idmap: false,
          recursive: false,
          overlay: {
            lower: [`${layers}/2222/diff`, `${layers}/l/AAAA`, `${layers}/l/BBBB`],
            options: '',
            within: '/out/sub',
          },
        },
      ]);
      expect(plan.spec.mounts).toEqual([
        mount('/x', 'bind', '/run/bulkhead/stage/b1', 'bind', 'ro', 'nosuid', 'nodev'),
      ]);
    });

    it('writes the upper directory where the step may, and a mount of a part knows its place', () => {
      const part = {
        ...stage,
        realPath: '/tmp/m/y',
        mount: { ...stage.mount, mountPoint: '/tmp/m', root: '/z' },
      };
      expect(planFor(building(point, part)).binds).toMatchObject([
        {
          readonly: false,
          overlay: {
            lower: [`${layers}/l/AAAA`, `${layers}/l/BBBB`],
            upper: { parent: `${layers}/2222`, name: 'diff', workName: 'bulkhead-work' },
            within: '/z/y',
          },
        },
      ]);
    });

    it('keeps what has no upper directory read-only, whatever is asked', () => {
      const superOptions = [`lowerdir=${layers}/l/A:${layers}/l/B`];
      const view = { ...stage, mount: { ...stage.mount, superOptions } };
      const plan = planFor(building(point, view, 'rw'));
      expect(plan.binds[0]?.readonly).toBe(true);
      expect(plan.spec.mounts?.[0]?.options).toContain('ro');
    });

    it.each<[string, Over, string]>([
      [
        'layers outside the storage',
        { ...stage, mount: { ...stage.mount, superOptions: [`lowerdir=/etc:${layers}/l/A`] } },
        "layer /etc does not lie in the engine's storage",
      ],
      ['the layer the root writes', overlayAt(point, '1111'), 'written through two mounts'],
      ['contradictory facts', { ...stage, realPath: '/etc' }, 'not where it seems'],
    ])('refuses %s', (_name, fact, text) => {
      expect(refusalFor(building(point, fact))).toMatchObject({
        code: 'BH_ISOLATION_LAYERS',
        message: containing(text),
      });
    });

    it('is bound read-only where the engine mounted an image for this container', () => {
      const request = binding(point, stage, 'rbind');
      const plan = planFor({ ...request, imageLayers: [`${layers}/2222`] });
      expect(plan.binds).toMatchObject([{ readonly: true, idmap: false, overlay: { within: '/out/sub' } }]);
      expect(plan.binds[0]?.overlay?.upper).toBeUndefined();
      for (const imageLayers of [[`${layers}/222`], [`${layers}/1111`], [layers]])
        expect(refusalFor({ ...request, imageLayers }).message).toContain('it lies on overlay');
    });

    it('is known by its mount point with the containerd image store', () => {
      const at = (name: string) => {
        const mounted = `/var/lib/docker/rootfs/overlayfs/${name}`;
        return binding(mounted, overlayAt(mounted, '2222'), 'rbind');
      };
      expect(planFor(at(`${containerId}-image`)).binds[0]).toMatchObject({
        readonly: true,
        overlay: { within: '/' },
      });
      for (const name of [containerId, `${containerId.replace('c', 'd')}-image`, `x/${containerId}-image`])
        expect(refusalFor(at(name)).message).toContain('it lies on overlay');
    });

    it('is for build steps alone otherwise', () => {
      expect(refusalFor(binding(point, stage, 'rbind', 'ro')).message).toContain('it lies on overlay');
    });
  });
});
