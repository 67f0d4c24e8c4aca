import type { RuntimeSpec } from '../../oci/runtime-spec.js';
import type { FileKind, MountInfo, SourceFact } from '../plan.js';
import { defaultPolicy } from '../policy.js';
import type { ContainerFacts, EngineFacts, IsolationRequest, NamespaceFact } from '../request.js';
import { sourcesOf } from '../sources.js';
import { buildBundle, buildId, bundle, containerId } from './specs.js';

/** An engine whose data root is a directory of the data disk, bind-mounted, as in the VM. */
export const engine: EngineFacts = {
  architecture: 'x64',
  cgroupVersion: 2,
  cgroupHierarchies: [],
  dataRoot: { path: '/var/lib/docker', device: '254:32', within: '/docker' },
  containerdRoot: { path: '/var/lib/containerd', device: '254:32', within: '/containerd' },
  sharedRoots: [{ path: '/host/home', device: '0:60', within: '/' }],
  agentSocket: { device: '0:24', inode: '4711' },
  dockerSocket: { device: '0:24', inode: '4710' },
  initPath: '/usr/bin/docker-init',
  execRoot: '/var/run/docker',
  lowestOomScoreAdj: -1000,
};

export const container: ContainerFacts = { id: containerId, bundle };
export const buildStep: ContainerFacts = { id: buildId, bundle: buildBundle };

export const dataMount: MountInfo = {
  mountPoint: '/var/lib/docker',
  root: '/docker',
  filesystem: 'ext4',
  source: '/dev/vdc',
  mountOptions: ['rw', 'relatime'],
  superOptions: ['rw'],
};

export const systemMount: MountInfo = {
  mountPoint: '/',
  root: '/',
  filesystem: 'erofs',
  source: '/dev/mapper/root',
  mountOptions: ['ro', 'relatime'],
  superOptions: ['ro'],
};

export const shareMount: MountInfo = {
  mountPoint: '/host/home',
  root: '/',
  filesystem: 'virtiofs',
  source: 'home',
  mountOptions: ['rw', 'relatime'],
  superOptions: ['rw'],
};

/** The network of another container, which runs in a range of its own. */
export const othersNetwork: Extract<NamespaceFact, { kind: 'container' }> = {
  path: '/proc/900/ns/net',
  kind: 'container',
  ownerContainerId: 'a'.repeat(64),
  ownerIds: { base: 655_360, size: 65_536 },
  userNamespace: '4026532700',
  index: 6,
  userIndex: 7,
};

/** A file as the front door found it; by default a directory on the data disk. */
export function opened(
  path: string,
  over: Partial<Extract<SourceFact, { opened: true }>> = {},
): Extract<SourceFact, { opened: true }> {
  return {
    path,
    opened: true,
    realPath: path,
    kind: 'directory',
    rdev: '0:0',
    device: '254:32',
    inode: '77',
    filesystemMagic: 0xef53,
    mount: dataMount,
    ...over,
  };
}

/** An overlay of two layers and an upper directory, mounted at `point`; `path` is it or below it. */
export function overlayAt(
  point: string,
  upper: string,
  path: string = point,
): Extract<SourceFact, { opened: true }> {
  const fact = overlayRoot(point);
  const { mount } = fact;
  const superOptions = mount.superOptions.map((option) => option.replace('1111', upper));
  return { ...fact, path, realPath: path, mount: { ...mount, superOptions } };
}

export function overlayRoot(path: string): Extract<SourceFact, { opened: true }> {
  const layers = '/var/lib/docker/overlay2';
  return opened(path, {
    device: '0:77',
    mount: {
      mountPoint: path,
      root: '/',
      filesystem: 'overlay',
      source: 'overlay',
      mountOptions: ['rw', 'relatime'],
      superOptions: [
        'rw',
        `lowerdir=${layers}/l/AAAA:${layers}/l/BBBB`,
        `upperdir=${layers}/1111/diff`,
        `workdir=${layers}/1111/work`,
        'index=off',
      ],
    },
  });
}

/** What the front door would answer in a VM: everything exists, nothing is where it should not be. */
export function honestFact(path: string, index: number): SourceFact {
  if (index === 0) return overlayRoot(path);
  if (path.startsWith('/var/lib/docker/')) {
    const kind: FileKind = path.endsWith('/_data') ? 'directory' : 'file';
    return opened(path, { kind });
  }
  if (path.startsWith('/host/home')) return opened(path, { device: '0:60', mount: shareMount });
  return opened(path, { device: '254:0', mount: systemMount });
}

export function requestFor(spec: RuntimeSpec, over: Partial<IsolationRequest> = {}): IsolationRequest {
  return {
    spec,
    container,
    facts: sourcesOf(spec).map(honestFact),
    namespaces: [],
    imageLayers: [],
    ids: { base: 524_288, size: 65_536 },
    engine,
    policy: defaultPolicy,
    ...over,
  };
}
