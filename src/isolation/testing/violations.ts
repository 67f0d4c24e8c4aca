import { parseRuntimeSpec, serialiseRuntimeSpec } from '../../oci/runtime-spec.js';
import type { Plan } from '../plan.js';
import type { IsolationRequest, NamespaceFact } from '../request.js';
import { isBind } from '../sources.js';
import { holesIn } from './seccomp-oracle.js';

/**
 * What is wrong with a plan, told without any of the rules' own code: the promises of docs/isolation.md, checked on the
 * result alone.
 *
 * @param harmless the real paths that may be bound.
 */
export function violations(plan: Plan, request: IsolationRequest, harmless: ReadonlySet<string>): string[] {
  return [
    ...namespaceViolations(plan, request),
    ...privilegeViolations(request),
    ...fileViolations(plan, request, harmless),
    ...kernelViolations(plan, request),
    ...outsideViolations(plan, request),
    ...(parseRuntimeSpec(serialiseRuntimeSpec(plan.spec)).ok ? [] : ['the result does not parse']),
  ];
}

function namespaceViolations(
  { spec, ids, joined, namespaces: pins }: Plan,
  request: IsolationRequest,
): string[] {
  const namespaces = spec.linux.namespaces ?? [];
  const found: string[] = [];
  for (const type of ['user', 'pid', 'network', 'mount', 'ipc', 'uts', 'cgroup']) {
    if (namespaces.filter((namespace) => namespace.type === type).length !== 1)
      found.push(`not one ${type} namespace`);
  }
  if (request.uptimeSeconds !== undefined && !namespaces.some(({ type }) => type === 'time'))
    found.push('the uptime of the VM');
  for (const { type, path } of namespaces) {
    if (path === undefined || path === '') continue;
    /* Only what the front door pinned of a running container, never a path through a pid. */
    const index = Number(/^\/run\/bulkhead\/stage\/b(\d+)$/.exec(path)?.[1] ?? Number.NaN);
    const known = [...request.namespaces, ...builderNetworkOf(request, type)].some(
      (fact) => fact.kind === 'container' && index === (type === 'user' ? fact.userIndex : fact.index),
    );
    if (joined === undefined || !known || !pins.includes(index))
      found.push(`${type} namespace ${path} joined`);
  }
  const mapping = JSON.stringify([{ containerID: 0, hostID: ids.base, size: ids.size }]);
  for (const given of [spec.linux.uidMappings, spec.linux.gidMappings])
    if (JSON.stringify(given) !== mapping) found.push('another mapping');
  if (ids.base < 100_000 || (joined === undefined && ids.base !== request.ids.base))
    found.push('another range');
  return found;
}

/** For build steps alone that name no network, where the policy says so; of it nothing but the network and its user namespace. */
function builderNetworkOf(request: IsolationRequest, type: string): NamespaceFact[] {
  const { builderNetwork, container, policy, spec } = request;
  const asked = !(spec.linux.namespaces ?? []).some((namespace) => namespace.type === 'network');
  const allowed = policy.buildHostNetwork === 'private' && container.bundle.includes('/buildkit/executor/');
  const wanted = allowed && asked && (type === 'network' || type === 'user');
  return wanted && builderNetwork !== undefined ? [builderNetwork] : [];
}

/** A plan for what the policy refuses: `--privileged`, and of build steps `--security=insecure`. */
function privilegeViolations({ container, policy, spec }: IsolationRequest): string[] {
  const asked = (spec.linux.resources?.devices ?? []).some(
    ({ allow, access, major, minor }) => allow && access === 'rwm' && (major ?? minor) === undefined,
  );
  const step = container.bundle.includes('/buildkit/executor/');
  const served = policy.allowPrivileged && (!step || policy.buildInsecure === 'confined');
  return asked && !served ? ['privileged'] : [];
}

const wholeSnapshot =
  /^\/var\/lib\/containerd\/io\.containerd\.snapshotter\.v1\.overlayfs\/snapshots\/\d+\/fs$/;

function fileViolations(plan: Plan, request: IsolationRequest, harmless: ReadonlySet<string>): string[] {
  const { spec, binds, root } = plan;
  const found: string[] = [];
  if (spec.root.path !== '/run/bulkhead/rootfs') found.push('root not staged');
  if (spec.root.readonly === true && !root.readonly) found.push('read-only root not locked');
  const overlays = [root, ...binds.map(({ overlay }) => overlay)];
  const layers = overlays.flatMap((overlay) =>
    overlay === undefined || !('lower' in overlay)
      ? []
      : [...overlay.lower, ...(overlay.upper === undefined ? [] : [overlay.upper.parent])],
  );
  if (!layers.every((layer) => layer.startsWith('/var/lib/docker/overlay2/') || wholeSnapshot.test(layer)))
    found.push('foreign layer');
  const written = overlays.flatMap((overlay) =>
    overlay !== undefined && 'upper' in overlay && overlay.upper !== undefined ? [overlay.upper.parent] : [],
  );
  if (new Set(written).size < written.length) found.push('a layer written through two mounts');
  const bound = (spec.mounts ?? []).filter(isBind);
  if (bound.length !== binds.length) found.push('a bind without a plan');
  for (const mount of bound) {
    const staged = binds.find(({ index }) => mount.source === `/run/bulkhead/stage/b${index}`);
    const fact = staged === undefined ? undefined : request.facts[staged.index];
    /* An overlay as it was mounted, or layers to be merged. */
    const mounted = fact?.opened === true && fact.mount.filesystem === 'overlay';
    const merged = mounted || (fact?.opened === true && wholeSnapshot.test(fact.realPath));
    const allowed =
      fact?.opened === true &&
      (merged ? request.container.bundle.includes('/buildkit/executor/') : harmless.has(fact.realPath));
    if (staged === undefined || !allowed) {
      found.push(`${mount.destination} shows ${mount.source ?? ''}`);
      continue;
    }
    const device = fact.kind === 'character-device';
    if (!staged.nosuid || staged.nodev === device) found.push('bind not confined');
    if (staged.idmap === (device || merged) || (staged.overlay !== undefined) !== merged)
      found.push('ids not mapped');
    if (staged.overlay !== undefined) {
      if (staged.overlay.upper !== undefined && staged.readonly) found.push('layer writable');
      if (!mounted && (!staged.readonly || staged.overlay.upper !== undefined)) found.push('layer writable');
      if (staged.overlay.within !== (fact.realPath.split('/merged')[1] ?? '').padStart(1, '/'))
        found.push('another part');
    }
    if (staged.readonly !== (mount.options ?? []).includes('ro')) found.push('flags not repeated');
  }
  for (const { type = '', destination, options = [] } of spec.mounts ?? []) {
    if (!['bind', 'proc', 'sysfs', 'tmpfs', 'devpts', 'mqueue', 'cgroup', 'cgroup2'].includes(type))
      found.push(`type ${type}`);
    if (options.some((option) => option.endsWith('shared'))) found.push('shared propagation');
    const covers = /^\/+(proc|sys)(\/|$)/.test(destination) && (type === 'bind' || type === 'tmpfs');
    if (covers && destination !== '/proc/uptime') found.push(`${destination} covered`);
  }
  if ((spec.linux.rootfsPropagation ?? '').endsWith('shared')) found.push('shared root');
  return found;
}

const nodes = new Set(['1:3', '1:5', '1:7', '1:8', '1:9', '5:0', '5:1', '5:2', '136:*', '10:229', '10:200']);

function kernelViolations({ spec, ids }: Plan, { container, policy }: IsolationRequest): string[] {
  const { devices = [], resources, seccomp, sysctl = {}, cgroupsPath = '' } = spec.linux;
  const found = holesIn(seccomp);
  for (const { path, type, major, minor } of devices) {
    if (type !== 'c' || !nodes.has(`${String(major)}:${String(minor)}`) || /vda|kmsg|console/.test(path))
      found.push(`device ${path}`);
  }
  const [first, ...rules] = resources?.devices ?? [];
  if (first === undefined || first.allow || first.type !== undefined) found.push('devices not denied first');
  for (const { allow, type, major, minor } of rules) {
    if (
      allow &&
      (type !== 'c' || !nodes.has(`${String(major)}:${minor === undefined ? '*' : String(minor)}`))
    )
      found.push('device rule off the list');
  }
  for (const [name, value] of Object.entries(sysctl)) {
    if (!/^(net\.|kernel\.shm)/.test(name)) found.push(`sysctl ${name}`);
    if (name.endsWith('ping_group_range') && Number(value.split(' ')[1]) >= ids.size)
      found.push('ping range');
  }
  if (!cgroupsPath.startsWith('/docker/') || !cgroupsPath.endsWith(`/${container.id}`))
    found.push(`cgroup ${cgroupsPath}`);
  // Without a value of its own a process inherits the engine's.
  const { oomScoreAdj = -900, user } = spec.process ?? { oomScoreAdj: 0, user: { uid: 0, gid: 0 } };
  if (oomScoreAdj < policy.minimumOomScoreAdj) found.push('spared by the OOM killer');
  if (user.uid >= ids.size) found.push('unmapped user');
  return found;
}

/**
 * The one hook of ours, exactly so and alone: never for who is not privileged or has /proc/sys read-only, always for who plainly is and
 * plainly has not. In between, where a specification is malformed, either will do.
 */
function settingFilesKept({ ids, spec }: Plan, request: IsolationRequest): boolean {
  const rules = request.spec.linux.resources?.devices ?? [];
  const covered = [...(spec.linux.readonlyPaths ?? []), ...(spec.linux.maskedPaths ?? [])];
  const proc = (spec.mounts ?? []).find(({ type }) => type === 'proc');
  const allowed =
    rules.some(({ allow, major }) => allow && major === undefined) &&
    proc !== undefined &&
    !covered.includes('/proc/sys');
  const expected =
    allowed &&
    rules.some((rule) => JSON.stringify(rule) === '{"allow":true,"access":"rwm"}') &&
    !covered.some((path) => path.startsWith('/proc')) &&
    !/\br?ro\b/.test((proc.options ?? []).join(','));
  const settings = [
    'vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys',
    'kernel/keys/root_maxbytes net/netfilter/nf_conntrack_max',
  ].join(' ');
  const args = ['attach-files', String(ids.base), ...settings.split(' ')];
  const ours = JSON.stringify([{ path: '/usr/lib/bulkhead/attach-files', args }]);
  const found = JSON.stringify(spec.hooks?.createRuntime ?? []);
  return (found === ours && allowed) || (found === '[]' && !expected);
}

function outsideViolations(plan: Plan, request: IsolationRequest): string[] {
  const { spec } = plan;
  const files = settingFilesKept(plan, request) ? [] : ['other files for settings than promised'];
  const hooks = Object.entries(spec.hooks ?? {}).flatMap(([kind, list]) =>
    kind === 'createRuntime'
      ? []
      : (list ?? []).filter(({ args }) => kind !== 'prestart' || args?.[0] !== 'libnetwork-setkey'),
  );
  const orders = Object.keys(spec.annotations ?? {}).filter((name) => name.startsWith('run.oci.'));
  const hardware = [spec.linux.netDevices, spec.linux.intelRdt].filter((part) => part !== undefined);
  return [
    ...files,
    ...hooks.map(({ path }) => `hook ${path}`),
    ...orders,
    ...hardware.map(() => 'host hardware'),
  ];
}
