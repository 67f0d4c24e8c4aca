import fc from 'fast-check';
import type { Hooks } from '../../oci/hooks.js';
import type { Mount } from '../../oci/mounts.js';
import type { RuntimeSpec } from '../../oci/runtime-spec.js';
import type { NamespaceFact, IsolationRequest } from '../request.js';
import { defaultPolicy, type IsolationPolicy } from '../policy.js';
import { isBind, sourcesOf } from '../sources.js';
import {
  buildStep,
  dataMount,
  honestFact,
  opened,
  overlayAt,
  requestFor,
  shareMount,
  systemMount,
} from './requests.js';
import { buildSpec, containerId, containerSpec, insecureBuildSpec, mount, privilegedSpec } from './specs.js';

/** What sources may turn out to be. The names are what the container asks for; nothing follows from them. */
const data = (path: string) => ({ realPath: `/var/lib/docker/${path}` });
const harmlessFacts = [
  opened('', data('volumes/v/_data')),
  opened('', { ...data(`containers/${containerId}/hosts`), kind: 'file' }),
  opened('', { realPath: '/dev/null', kind: 'character-device', rdev: '1:3' }),
  opened('', { realPath: '/host/home/ann', device: '0:60', mount: shareMount }),
];
/** A merged stage or image: harmless for a build step, another container's files for everybody else. */
const mergedFacts = ['2222', '3333'].flatMap((layer) => {
  const point = `/var/lib/docker/overlay2/${layer}/merged`;
  return [overlayAt(point, layer), overlayAt(point, layer, `${point}/usr/lib`)];
});
const foreignOverlay = overlayAt('/var/lib/docker/overlay2/4444/merged', '4444');
const harmfulFacts = [
  {
    ...foreignOverlay,
    mount: { ...foreignOverlay.mount, superOptions: ['lowerdir=/etc:/var/lib/docker/overlay2/l/A'] },
  },
  opened('', { realPath: '/etc', device: '254:0', mount: systemMount }),
  opened('', { realPath: '/run/docker/docker.sock', kind: 'socket', device: '0:24' }),
  opened('', { realPath: '/run/docker.sock', kind: 'file', device: '0:24', inode: '4710' }),
  opened('', { realPath: '/host/home/agent', kind: 'socket', device: '0:60', mount: shareMount }),
  opened('', { realPath: '/run/host-services/other', kind: 'socket', device: '0:24', inode: '4712' }),
  opened('', { realPath: '/host/home/etc', device: '254:0', mount: { ...systemMount, root: '/' } }),
  opened('', { realPath: '/dev/vda', kind: 'block-device', rdev: '254:0' }),
  opened('', data(`containers/${'b'.repeat(64)}/hosts`)),
  opened('', {
    ...data('volumes/evil/_data'),
    device: '254:0',
    mount: { ...systemMount, mountPoint: '/var/lib/docker/volumes/evil/_data', root: '/etc' },
  }),
  opened('', { realPath: '/var/lib/docker', mount: dataMount }),
];

export const harmlessPaths: ReadonlySet<string> = new Set([
  ...harmlessFacts.map(({ realPath }) => realPath),
  ...['config', 'data'].map((volume) => `/var/lib/docker/volumes/${volume}/_data`),
  ...['resolv.conf', 'hosts.4kd2j1'].map((file) => `/var/lib/docker/buildkit/executor/${file}`),
  ...['resolv.conf', 'hostname', 'hosts'].map((file) => `/var/lib/docker/containers/${containerId}/${file}`),
]);

const otherContainer = {
  path: '/proc/7/ns/x',
  kind: 'container' as const,
  ownerContainerId: 'd'.repeat(64),
  ownerIds: { base: 720_896, size: 65_536 },
  userNamespace: '4026532700',
  index: 400,
  userIndex: 401,
};
const namespaceFacts: readonly NamespaceFact[] = [{ path: '/proc/1/ns/x', kind: 'host' }, otherContainer];

/** What the builder's network may be found to be, for whom it is not there for as well. */
const builderNetworks: readonly (NamespaceFact | undefined)[] = [
  { ...otherContainer, path: '/proc/8/ns/net', index: 402, userIndex: 403 },
  { path: '/proc/1/ns/net', kind: 'host' },
  { path: '/proc/8/ns/net', kind: 'unknown' },
  undefined,
];

const policies: readonly Partial<IsolationPolicy>[] = [
  {},
  { buildInsecure: 'confined' },
  { buildHostNetwork: 'private' },
  { buildHostNetwork: 'private', buildInsecure: 'confined' },
  { buildInsecure: 'confined', allowPrivileged: false },
];

const snapshots = '/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots';
/** What the layers of an overlay may turn out to be. */
const layerFacts = [
  ...[1, 2, 3].map((id) =>
    opened(`${snapshots}/${id}/fs`, {
      mount: { ...dataMount, mountPoint: '/var/lib/containerd', root: '/containerd' },
    }),
  ),
  opened(`${snapshots}/4/work`),
  opened('/etc', { device: '254:0', mount: systemMount }),
  opened('/var/lib/docker/volumes/v/_data'),
];
/** The program of our own hook: from outside it is refused like any other. */
const attachFiles = '/usr/lib/bulkhead/attach-files';

/**
 * Five times in six the default: few of the respects below are hostile at once, so that each rule is reached by what the others let
 * pass, and some specifications are served.
 */
function rarely<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.nat({ max: 5 }).chain((number) => (number === 0 ? value : fc.constant(undefined)));
}

const mounts: fc.Arbitrary<Mount> = fc.record({
  destination: fc.constantFrom(
    '/d',
    '/e/',
    '/proc',
    '/proc/sys',
    '/proc/uptime',
    '/sys',
    '/a/../proc',
    '/',
    'x',
  ),
  type: fc.constantFrom('bind', 'bind', 'none', 'tmpfs', 'overlay', 'proc', 'nfs', 'cgroup2', 'ext4'),
  source: fc.constantFrom('/etc', '/s', '/var/run/docker.sock', ''),
  options: fc.uniqueArray(
    fc.constantFrom(
      'rbind',
      'bind',
      'ro',
      'rw',
      'nosuid',
      'suid',
      'shared',
      'rslave',
      'rprivate',
      'idmap',
      'x=y',
    ),
    { maxLength: 4 },
  ),
});

const changes = fc.record({
  kind: fc.constantFrom('container', 'privileged', 'build', 'insecure'),
  policy: fc.constantFrom(...policies),
  builderNetwork: fc.constantFrom(...builderNetworks),
  mounts: rarely(fc.array(mounts, { minLength: 1, maxLength: 3 })),
  facts: fc.array(fc.constantFrom(...harmlessFacts, ...harmlessFacts, ...mergedFacts, ...harmfulFacts), {
    minLength: 3,
    maxLength: 3,
  }),
  /** Stages of a build, well mounted; a layer may be named twice. */
  stages: rarely(
    fc.array(fc.record({ fact: fc.constantFrom(...mergedFacts), access: fc.constantFrom('ro', 'rw') }), {
      minLength: 1,
      maxLength: 3,
    }),
  ),
  /** The layers of a stage, to be merged: rarer still, because all but build steps are refused them. */
  layers: rarely(
    rarely(fc.uniqueArray(fc.nat({ max: layerFacts.length - 1 }), { minLength: 2, maxLength: 3 })),
  ),
  missing: rarely(fc.constantFrom('pid', 'network', 'mount', 'ipc', 'uts', 'cgroup')),
  paths: rarely(
    fc.record({
      type: fc.constantFrom('network', 'ipc', 'pid', 'mount', 'uts'),
      path: fc.constantFrom('/proc/1/ns/x', '/proc/7/ns/x', '/run/ns'),
    }),
  ),
  user: rarely(fc.constantFrom('', '/proc/1/ns/user')),
  device: rarely(
    fc.record({
      path: fc.constantFrom('/dev/fuse', '/dev/vda', '/dev/kmsg', '/dev/console'),
      type: fc.constantFrom('c', 'b'),
      major: fc.constantFrom(10, 254, 1, 5),
      minor: fc.constantFrom(229, 0, 3, 1),
    }),
  ),
  rule: rarely(
    fc.record({
      allow: fc.constant(true),
      type: fc.constantFrom('a', 'b', 'c'),
      major: fc.constantFrom(-1, 254, 1),
      minor: fc.constantFrom(-1, 0, 3),
      access: fc.constantFrom('rwm', 'r'),
    }),
  ),
  sysctl: rarely(
    fc.constantFrom('kernel.core_pattern', 'vm.drop_caches', 'net.core.somaxconn', 'kernel.shmmax'),
  ),
  hook: rarely(fc.constantFrom('/bin/sh', '/proc/1/exe', attachFiles)),
  readonlySettings: rarely(fc.constantFrom('/proc/sys', '/proc/fs')),
  cgroup: rarely(fc.constantFrom('/', '/docker/other', '/system.slice/x', `/docker/${containerId}`)),
  annotation: rarely(fc.constantFrom('run.oci.handler', 'run.oci.x', 'team')),
  propagation: rarely(fc.constantFrom('shared', 'rshared', 'rslave')),
  oomScoreAdj: rarely(fc.integer({ min: -1000, max: 1000 })),
  uid: rarely(fc.nat({ max: 200_000 })),
  hardware: rarely(fc.constant({ eth0: {} })),
  readonly: fc.boolean(),
  seccomp: rarely(fc.constantFrom('SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE', 'SCMP_ACT_KILL')),
  layer: rarely(fc.constantFrom('/etc', '/var/lib/docker/overlay2/9/diff')),
});

type Changes = typeof changes extends fc.Arbitrary<infer Value> ? Value : never;

/** Requests that ask, among harmless things, for something they must not get. */
export const hostileRequests: fc.Arbitrary<IsolationRequest> = changes.map(build);

const specs = {
  container: containerSpec,
  privileged: privilegedSpec,
  build: buildSpec,
  insecure: insecureBuildSpec,
};

function build(change: Changes): IsolationRequest {
  const base = specs[change.kind]();
  const spec = hostileSpec(base, change);
  const stages = change.stages ?? [];
  const addedFacts = [
    ...layersOf(change),
    ...change.facts.slice(0, (change.mounts ?? []).filter(isBind).length),
    ...stages.map(({ fact }) => fact),
  ];
  const added = addedFacts.length;
  const sources = sourcesOf(spec);
  const facts = sources.map((path, index) => {
    const fromEnd = index - (sources.length - added);
    const drawn = fromEnd < 0 ? undefined : addedFacts[fromEnd];
    return drawn === undefined ? honestFact(path, index) : { ...drawn, path };
  });
  const [root] = facts;
  if (root?.opened === true && change.layer !== undefined) {
    const superOptions = [`lowerdir=${change.layer}`, 'upperdir=/var/lib/docker/overlay2/1/diff'];
    facts[0] = { ...root, mount: { ...root.mount, superOptions } };
  }
  const step = change.kind === 'build' || change.kind === 'insecure' ? { container: buildStep } : {};
  const { builderNetwork } = change;
  return requestFor(spec, {
    facts,
    namespaces: namespaceFacts,
    uptimeSeconds: 4711,
    policy: { ...defaultPolicy, ...change.policy },
    ...(builderNetwork === undefined ? {} : { builderNetwork }),
    ...step,
  });
}

function layersOf({ layers = [] }: Changes) {
  return layers.flatMap((index) => layerFacts.slice(index, index + 1));
}

function hostileSpec(base: RuntimeSpec, change: Changes): RuntimeSpec {
  const { linux, process } = base;
  const kept = (linux.namespaces ?? []).filter(
    ({ type }) => type !== change.missing && type !== change.paths?.type,
  );
  const user = change.user === undefined ? [] : [{ type: 'user' as const, path: change.user }];
  const rules = [...(linux.resources?.devices ?? []), ...(change.rule === undefined ? [] : [change.rule])];
  const optional = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value]);
  return {
    ...base,
    root: { ...base.root, readonly: change.readonly },
    mounts: [
      ...(base.mounts ?? []),
      ...(change.layers === undefined
        ? []
        : [
            mount(
              '/merged',
              'overlay',
              'overlay',
              `lowerdir=${layersOf(change)
                .map(({ path }) => path)
                .join(':')}`,
            ),
          ]),
      ...(change.mounts ?? []),
      ...(change.stages ?? []).map(({ fact, access }, at) =>
        mount(`/stage${at}`, 'bind', fact.path, 'rbind', access),
      ),
    ],
    annotations: Object.fromEntries(optional(change.annotation).map((name) => [name, 'x'])),
    hooks: hooksFrom(change.hook),
    ...(process === undefined
      ? {}
      : {
          process: {
            ...process,
            user: { ...process.user, uid: change.uid ?? 0 },
            ...(change.oomScoreAdj === undefined ? {} : { oomScoreAdj: change.oomScoreAdj }),
          },
        }),
    linux: {
      ...linux,
      namespaces: [...kept, ...optional(change.paths), ...user],
      devices: [...(linux.devices ?? []), ...optional(change.device)],
      resources: { ...linux.resources, devices: rules },
      sysctl: { ...linux.sysctl, ...Object.fromEntries(optional(change.sysctl).map((name) => [name, '1'])) },
      cgroupsPath: change.cgroup ?? linux.cgroupsPath ?? '',
      ...(change.propagation === undefined ? {} : { rootfsPropagation: change.propagation }),
      ...(change.readonlySettings === undefined ? {} : { readonlyPaths: [change.readonlySettings] }),
      ...(change.hardware === undefined ? {} : { netDevices: change.hardware }),
      ...(change.seccomp === undefined ? {} : { seccomp: { defaultAction: change.seccomp } }),
    },
  };
}

function hooksFrom(path: string | undefined): Hooks {
  if (path === undefined) return {};
  if (path !== attachFiles) return { prestart: [{ path, args: ['x'] }] };
  return { createRuntime: [{ path, args: ['attach-files', '524288', 'kernel/core_pattern'] }] };
}
