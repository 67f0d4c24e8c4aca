import type { NamespaceType } from '../../oci/namespaces.js';
import { isBuildStep, wantsBuilderNetwork } from '../build-step.js';
import type { Draft, Rule } from '../draft.js';
import { refuse } from '../refuse.js';
import type { EngineFacts, IsolationRequest, NamespaceFact } from '../request.js';
import { builderNetworkName, stagePath } from '../places.js';

const name = 'namespaces';

/**
 * Threat: a namespace left out of the specification, or named by path, is one of the host: its processes, network,
 * host name, shared memory. Docker expresses `--pid=host` and its like by leaving the namespace out. A path may only
 * lead to the namespace of a running isolated container, and then the user namespace that owns it is shared too
 * (the kernel gives rights over a namespace only to its owner; mounting sysfs or mqueue would fail otherwise). runc gets
 * the place where the front door has pinned what was judged: the process of the path may end, and its pid be another's.
 *
 * A build step that leaves its network out is refused, or joins the builder's in the same way; the policy says which.
 *
 * Adds a cgroup namespace. On cgroup v1 the engine leaves it out by default; on v2 only `--cgroupns=host` does.
 */
export const namespacesRule: Rule = {
  name,
  why: 'a namespace shared with the VM shows its processes, network or memory',
  apply(draft, request) {
    const given = draft.spec.linux.namespaces ?? [];
    refuseRepeated(given, request);
    refuseHost(given, request);
    const joined: ContainerNamespace[] = [];
    const pin = (type: NamespaceType, owner: ContainerNamespace) => {
      joined.push(owner);
      return { type, path: stagePath(owner.index) };
    };
    const pinned = given.map((namespace) => {
      const { type, path } = namespace;
      if (path === undefined || path === '' || type === 'user') return namespace;
      return pin(type, ownerOf(type, path, request));
    });
    const network = wantsBuilderNetwork(request) ? [pin('network', builderNetwork(request))] : [];
    const cgroup = given.some(({ type }) => type === 'cgroup') ? [] : [{ type: 'cgroup' as const }];
    const namespaces = [...pinned, ...network, ...cgroup];
    return join(
      { ...draft, spec: { ...draft.spec, linux: { ...draft.spec.linux, namespaces } } },
      joined,
      request,
    );
  },
};

function required(engine: EngineFacts, build: boolean): NamespaceType[] {
  return engine.cgroupVersion === 2 && !build ? ['pid', 'ipc', 'uts', 'cgroup'] : ['pid', 'ipc', 'uts'];
}

function refuseRepeated(given: readonly { type: NamespaceType }[], { policy }: IsolationRequest): void {
  const types = given.map(({ type }) => type);
  const repeated = types.find((type, index) => types.indexOf(type) !== index);
  if (repeated !== undefined) {
    refuse('BH_ISOLATION_FIELD_REFUSED', name, policy, {
      field: 'linux.namespaces',
      reason: `it names ${repeated} twice`,
    });
  }
}

function refuseHost(given: readonly { type: NamespaceType }[], request: IsolationRequest): void {
  const { engine, policy } = request;
  const absent = (type: NamespaceType) => !given.some((namespace) => namespace.type === type);
  const shared = required(engine, isBuildStep(request)).filter(absent);
  if (shared.length > 0)
    refuse('BH_ISOLATION_HOST_NAMESPACES', name, policy, { names: `[${shared.join(' ')}]` });
  if (absent('network') && !wantsBuilderNetwork(request)) {
    const code = isBuildStep(request) ? 'BH_ISOLATION_BUILD_HOST_NETWORK' : 'BH_ISOLATION_HOST_NETWORK';
    refuse(code, name, policy);
  }
  if (absent('mount')) refuse('BH_ISOLATION_NAMESPACES_MISSING', name, policy, { names: 'Set{mount}' });
}

type ContainerNamespace = Extract<NamespaceFact, { kind: 'container' }>;

function ownerOf(type: NamespaceType, path: string, request: IsolationRequest): ContainerNamespace {
  const { namespaces, policy } = request;
  const fact = namespaces.find((candidate) => candidate.path === path);
  if (fact?.kind === 'host') {
    if (type === 'network') refuse('BH_ISOLATION_HOST_NETWORK', name, policy);
    refuse('BH_ISOLATION_HOST_NAMESPACES', name, policy, { names: `[${type}]` });
  }
  if (type === 'mount' || type === 'cgroup' || fact?.kind !== 'container') {
    refuse('BH_ISOLATION_NAMESPACE_PATH', name, policy, {
      type,
      path,
      reason:
        fact?.kind === 'container'
          ? 'this type cannot be shared'
          : 'it is not one of a running isolated container',
    });
  }
  return fact;
}

function builderNetwork({ builderNetwork: fact, policy }: IsolationRequest): ContainerNamespace {
  if (fact?.kind === 'container') return fact;
  return refuse('BH_ISOLATION_BUILDER_NETWORK', name, policy, { container: builderNetworkName });
}

function join(draft: Draft, owners: readonly ContainerNamespace[], { policy }: IsolationRequest): Draft {
  const [owner, ...others] = owners;
  if (owner === undefined) return draft;
  const stranger = others.find(
    ({ ownerIds, userNamespace }) =>
      ownerIds.base !== owner.ownerIds.base || userNamespace !== owner.userNamespace,
  );
  if (stranger !== undefined) {
    refuse('BH_ISOLATION_NAMESPACE_PATH', name, policy, {
      type: 'second',
      path: stranger.path,
      reason: `it belongs to another user namespace than ${owner.path}`,
    });
  }
  const joined = { containerId: owner.ownerContainerId, path: stagePath(owner.userIndex) };
  const namespaces = [...new Set([owner.userIndex, ...owners.map(({ index }) => index)])];
  return { ...draft, ids: owner.ownerIds, joined, namespaces };
}
