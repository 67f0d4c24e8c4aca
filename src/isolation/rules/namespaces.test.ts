import { describe, expect, it } from 'vitest';
import type { NamespaceType } from '../../oci/namespaces.js';
import type { RuntimeSpec } from '../../oci/runtime-spec.js';
import { containing, planFor, planWithout, refusalFor } from '../testing/expect.js';
import { buildStep, engine, othersNetwork, requestFor } from '../testing/requests.js';
import { buildSpec, containerSpec } from '../testing/specs.js';

function sharing(type: NamespaceType, path?: string): RuntimeSpec {
  const spec = containerSpec();
  const others = (spec.linux.namespaces ?? []).filter((namespace) => namespace.type !== type);
  const namespaces = path === undefined ? others : [...others, { type, path }];
  return { ...spec, linux: { ...spec.linux, namespaces } };
}

describe('namespaces', () => {
  it.each([
    ['pid', "can't share namespaces [pid] with the host"],
    ['ipc', "can't share namespaces [ipc] with the host"],
    ['uts', "can't share namespaces [uts] with the host"],
    ['cgroup', "can't share namespaces [cgroup] with the host"],
    ['network', "can't share a network namespace with the host"],
    ['mount', 'container spec missing namespaces Set{mount}'],
  ] as const)('refuses the %s namespace of the host', (type, text) => {
    const request = requestFor(sharing(type));
    expect(refusalFor(request)).toMatchObject({ rule: 'namespaces', message: containing(text) });
    expect(planWithout('namespaces', request).spec.linux.namespaces).not.toContainEqual({ type });
  });

  it('takes a missing cgroup namespace for the default on cgroup v1 and for builds', () => {
    const request = requestFor(sharing('cgroup'), { engine: { ...engine, cgroupVersion: 1 } });
    expect(planFor(request).spec.linux.namespaces).toContainEqual({ type: 'cgroup' });
    const spec = buildSpec();
    const namespaces = (spec.linux.namespaces ?? []).filter(({ type }) => type !== 'cgroup');
    const build = requestFor({ ...spec, linux: { ...spec.linux, namespaces } }, { container: buildStep });
    expect(planFor(build).spec.linux.namespaces).toContainEqual({ type: 'cgroup' });
  });

  it.each([
    ['network', "can't share a network namespace with the host"],
    ['ipc', "can't share namespaces [ipc] with the host"],
  ] as const)("refuses the path of the host's %s namespace", (type, text) => {
    const path = `/proc/1/ns/${type}`;
    const request = requestFor(sharing(type, path), { namespaces: [{ path, kind: 'host' }] });
    expect(refusalFor(request).message).toContain(text);
  });

  it('refuses a path nobody knows and a mount namespace of any kind', () => {
    expect(refusalFor(requestFor(sharing('network', '/run/docker/netns/x'))).code).toBe(
      'BH_ISOLATION_NAMESPACE_PATH',
    );
    const request = requestFor(sharing('mount', othersNetwork.path), { namespaces: [othersNetwork] });
    expect(refusalFor(request).message).toContain('this type cannot be shared');
  });

  it('shares the user namespace of the container whose network is joined', () => {
    const plan = planFor(requestFor(sharing('network', othersNetwork.path), { namespaces: [othersNetwork] }));
    expect(plan).toMatchObject({
      ids: othersNetwork.ownerIds,
      joined: { containerId: othersNetwork.ownerContainerId, path: '/run/bulkhead/stage/b7' },
      namespaces: [7, 6],
    });
    expect(plan.spec.linux.namespaces).toContainEqual({ type: 'user', path: '/run/bulkhead/stage/b7' });
    expect(plan.spec.linux.namespaces).toContainEqual({ type: 'network', path: '/run/bulkhead/stage/b6' });
    expect(JSON.stringify(plan.spec.linux.namespaces)).not.toContain('/proc/');
    expect(plan.spec.linux.uidMappings).toEqual([{ containerID: 0, hostID: 655_360, size: 65_536 }]);
  });

  describe('of a build step without a network of its own', () => {
    const spec = buildSpec();
    const namespaces = (spec.linux.namespaces ?? []).filter(({ type }) => type !== 'network');
    const request = requestFor({ ...spec, linux: { ...spec.linux, namespaces } }, { container: buildStep });
    const policy = { ...request.policy, buildHostNetwork: 'private' as const };
    const network = othersNetwork;

    it('is refused by default, whatever there is, and the refusal names the setting', () => {
      expect(refusalFor({ ...request, builderNetwork: network })).toMatchObject({
        code: 'BH_ISOLATION_BUILD_HOST_NETWORK',
        message: containing('bulkhead.buildHostNetwork'),
      });
    });

    it("joins the builder's network and its user namespace where the policy says so", () => {
      const plan = planFor({ ...request, policy, builderNetwork: network });
      expect(plan).toMatchObject({
        ids: othersNetwork.ownerIds,
        joined: { containerId: othersNetwork.ownerContainerId },
        namespaces: [7, 6],
      });
      expect(plan.spec.linux.namespaces).toContainEqual({
        type: 'network',
        path: '/run/bulkhead/stage/b6',
      });
      expect(plan.spec.linux.namespaces).toContainEqual({ type: 'user', path: '/run/bulkhead/stage/b7' });
    });

    it.each([
      [undefined],
      [{ path: network.path, kind: 'host' as const }],
      [{ path: network.path, kind: 'unknown' as const }],
    ])('is refused when the network turned out to be %j', (builderNetwork) => {
      const found = builderNetwork === undefined ? {} : { builderNetwork };
      expect(refusalFor({ ...request, policy, ...found }).code).toBe('BH_ISOLATION_BUILDER_NETWORK');
    });

    it('has no part in what asks for a new network, nor in a container', () => {
      const none = requestFor(buildSpec(), { container: buildStep, policy, builderNetwork: network });
      expect(planFor(none).joined).toBeUndefined();
      const container = requestFor(sharing('network'), { policy, builderNetwork: network });
      expect(refusalFor(container).code).toBe('BH_ISOLATION_HOST_NETWORK');
    });
  });

  it('refuses to join two user namespaces', () => {
    const other = { ...othersNetwork, path: '/proc/901/ns/ipc', userNamespace: '4026532701' };
    const spec = sharing('network', othersNetwork.path);
    const namespaces = (spec.linux.namespaces ?? []).filter(({ type }) => type !== 'ipc');
    const both = {
      ...spec,
      linux: { ...spec.linux, namespaces: [...namespaces, { type: 'ipc' as const, path: other.path }] },
    };
    expect(refusalFor(requestFor(both, { namespaces: [othersNetwork, other] })).message).toContain(
      'another user namespace',
    );
  });

  it('refuses a type named twice', () => {
    const spec = containerSpec();
    const namespaces = [...(spec.linux.namespaces ?? []), { type: 'pid' as const, path: '/proc/1/ns/pid' }];
    expect(refusalFor(requestFor({ ...spec, linux: { ...spec.linux, namespaces } })).message).toContain(
      'names pid twice',
    );
  });
});
