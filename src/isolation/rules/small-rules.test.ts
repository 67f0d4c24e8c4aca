import { describe, expect, it } from 'vitest';
import type { Linux } from '../../oci/linux.js';
import { containing, planFor, planWithout, refusalFor } from '../testing/expect.js';
import { buildStep, requestFor } from '../testing/requests.js';
import { containerSpec, insecureBuildSpec, privilegedSpec } from '../testing/specs.js';

describe('annotations', () => {
  it('takes out what runtimes obey and keeps labels', () => {
    const annotations = {
      'run.oci.handler': 'krun',
      'org.systemd.property.DeviceAllow': 'x',
      'org.criu.config': '/etc/x',
      'bulkhead.off': 'true',
      'com.example.team': 'blue',
    };
    const request = requestFor({ ...containerSpec(), annotations });
    expect(planFor(request).spec.annotations).toEqual({ 'com.example.team': 'blue' });
    expect(planWithout('annotations', request).spec.annotations).toEqual(annotations);
  });
});

describe('privileged', () => {
  it('refuses a build step with --security=insecure by default, and names the setting', () => {
    const request = requestFor(insecureBuildSpec(), { container: buildStep });
    const { code, message } = refusalFor(request);
    expect(code).toBe('BH_ISOLATION_BUILD_INSECURE');
    expect(message).toContain('bulkhead.buildInsecure');
    expect(planWithout('privileged', request).spec.linux.devices).toHaveLength(2);
  });

  it('confines it like --privileged where the policy says so, and where that is served', () => {
    const request = requestFor(insecureBuildSpec(), { container: buildStep });
    const policy = { ...request.policy, buildInsecure: 'confined' as const };
    const { spec } = planFor({ ...request, policy });
    expect(spec.linux.devices?.map(({ path }) => path)).toEqual(['/dev/null', '/dev/fuse']);
    expect(spec.linux.resources?.devices?.[0]).toEqual({ allow: false, access: 'rwm' });
    expect(spec.linux.seccomp?.syscalls).not.toHaveLength(0);
    expect(refusalFor({ ...request, policy: { ...policy, allowPrivileged: false } }).code).toBe(
      'BH_ISOLATION_PRIVILEGED',
    );
  });

  it('refuses a privileged container where the policy does', () => {
    const request = requestFor(privilegedSpec());
    const policy = { ...request.policy, allowPrivileged: false, contact: 'it-security@example.com' };
    const { message } = refusalFor({ ...request, policy });
    expect(message).toContain('privileged containers are not allowed here (rule privileged)');
    expect(message).toContain('bulkhead.allowPrivileged');
    expect(message).toContain('Ask it-security@example.com');
    expect(planWithout('privileged', { ...request, policy }).binds).toHaveLength(5);
    expect(planFor(requestFor(containerSpec(), { policy })).binds).toHaveLength(5);
  });
});

describe('host-resources', () => {
  it.each<[string, Partial<Linux>]>([
    ['netDevices', { netDevices: { eth0: {} } }],
    ['intelRdt', { intelRdt: { closID: 'x' } }],
  ])('refuses %s', (field, linux) => {
    const spec = containerSpec();
    const request = requestFor({ ...spec, linux: { ...spec.linux, ...linux } });
    expect(refusalFor(request)).toMatchObject({
      rule: 'host-resources',
      message: containing(`linux.${field}`),
    });
    expect(planWithout('host-resources', request).spec.linux).toMatchObject(linux);
  });

  it('lets what concerns only the container pass', () => {
    const spec = containerSpec();
    const linux = {
      ...spec.linux,
      memoryPolicy: { mode: 'MPOL_LOCAL' },
      personality: { domain: 'LINUX32' },
      timeOffsets: { boottime: { secs: 5 } },
    };
    expect(planFor(requestFor({ ...spec, linux })).spec.linux).toMatchObject({
      personality: { domain: 'LINUX32' },
    });
  });
});
