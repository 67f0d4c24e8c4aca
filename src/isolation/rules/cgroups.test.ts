import { describe, expect, it } from 'vitest';
import { planFor, planWithout, refusalFor } from '../testing/expect.js';
import { buildStep, requestFor } from '../testing/requests.js';
import { buildSpec, containerId, containerSpec, privilegedSpec } from '../testing/specs.js';

const spec = containerSpec();
const at = (cgroupsPath: string) => requestFor({ ...spec, linux: { ...spec.linux, cgroupsPath } });

describe('cgroups', () => {
  it.each([
    '',
    '/',
    `/${containerId}`,
    `/docker/../${containerId}`,
    '/docker/other',
    `/docker/other/${containerId}`,
    `/docker/${containerId}/..`,
    `docker/${containerId}`,
    `system.slice:docker:${containerId}`,
  ])('refuses "%s"', (path) => {
    expect(refusalFor(at(path))).toMatchObject({ rule: 'cgroups', code: 'BH_ISOLATION_CGROUP' });
    expect(planWithout('cgroups', at(path)).spec.linux.cgroupsPath).toBe(path);
  });

  it('knows a build step and the parents the policy names', () => {
    expect(planFor(requestFor(buildSpec(), { container: buildStep })).binds).toHaveLength(2);
    const request = at(`/team/${containerId}`);
    const policy = { ...request.policy, cgroupParents: ['/docker', '/team'] };
    expect(planFor({ ...request, policy }).spec.linux.cgroupsPath).toBe(`/team/${containerId}`);
  });

  it.each(['../../memory.max', 'memory', 'a/b.c', ''])('refuses the cgroup file "%s"', (key) => {
    const unified = { ...spec.linux, resources: { unified: { [key]: '1' } } };
    const request = requestFor({ ...spec, linux: unified });
    expect(refusalFor(request).code).toBe('BH_ISOLATION_FIELD_REFUSED');
    expect(planWithout('cgroups', request).spec.linux.resources?.unified).toEqual({ [key]: '1' });
  });

  it('lets only a privileged container write to its cgroup', () => {
    const optionsOf = (type: string, request = requestFor(spec)) =>
      planFor(request).spec.mounts?.find((mount) => mount.type === type)?.options;
    expect(optionsOf('cgroup')).toContain('ro');
    const privileged = privilegedSpec();
    const mounts = spec.mounts ?? [];
    const request = requestFor({ ...privileged, mounts });
    expect(optionsOf('cgroup', request)).toEqual(['nosuid', 'noexec', 'nodev']);
    const without = planWithout('cgroups', request).spec.mounts?.find(({ type }) => type === 'cgroup');
    expect(without?.options).toContain('ro');
  });

  it('delegates v1 hierarchies to a privileged container, but none whose limits a child would escape', () => {
    const cgroupHierarchies = ['cpu,cpuacct', 'memory', 'blkio', 'net_cls,net_prio', 'systemd'];
    const delegated = (over: ReturnType<typeof privilegedSpec>) => {
      const request = requestFor(over);
      const on = (rule: typeof planFor) =>
        rule({ ...request, engine: { ...request.engine, cgroupVersion: 1, cgroupHierarchies } }).delegated;
      return { on: on(planFor), off: on((asked) => planWithout('cgroups', asked)) };
    };
    const privileged = privilegedSpec();
    const limited = (resources: object) => ({
      ...privileged,
      linux: { ...privileged.linux, resources: { ...privileged.linux.resources, ...resources } },
    });
    expect(delegated(spec).on).toEqual([]);
    expect(delegated(privileged)).toEqual({ on: cgroupHierarchies, off: [] });
    expect(delegated(limited({ blockIO: { throttleReadBpsDevice: [] } })).on).toContain('blkio');
    const rate = { major: 8n, minor: 0n, rate: 1n };
    expect(delegated(limited({ blockIO: { throttleWriteIOPSDevice: [rate] } })).on).toEqual([
      'cpu,cpuacct',
      'memory',
      'net_cls,net_prio',
      'systemd',
    ]);
    expect(delegated(limited({ network: { classID: 1 } })).on).not.toContain('net_cls,net_prio');
  });
});
