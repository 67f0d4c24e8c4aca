import { describe, expect, it } from 'vitest';
import { planFor, planWithout, refusalFor } from '../testing/expect.js';
import { requestFor } from '../testing/requests.js';
import { containerSpec } from '../testing/specs.js';

function setting(name: string, value = '1') {
  const spec = containerSpec();
  return requestFor({ ...spec, linux: { ...spec.linux, sysctl: { [name]: value } } });
}

describe('sysctl', () => {
  it.each([
    ['0 2147483647', '0 65535'],
    ['100000 2147483647', '65535 65535'],
    ['0 10', '0 10'],
    ['1 0', '1 0'],
    ['nonsense', 'nonsense'],
  ])('clamps ping_group_range %s to the mapping', (asked, given) => {
    for (const name of ['net.ipv4.ping_group_range', 'net/ipv4/ping_group_range']) {
      expect(planFor(setting(name, asked)).spec.linux.sysctl).toEqual({ [name]: given });
      expect(planWithout('sysctl', setting(name, asked)).spec.linux.sysctl).toEqual({ [name]: asked });
    }
  });

  it('gives the name of the domain by the field of that name, which the container may set', () => {
    const { spec } = planFor(setting('kernel.domainname', 'example.org'));
    expect(spec).toMatchObject({ domainname: 'example.org', linux: { sysctl: {} } });
    expect(planWithout('sysctl', setting('kernel.domainname', 'x')).spec.domainname).toBeUndefined();
  });

  it.each([
    'kernel.core_pattern',
    'vm.drop_caches',
    'kernel.shmmax.x',
    'fs.file-max',
    'net',
    'net.ipv4/../../kernel/core_pattern',
    'net//kernel',
    'net/./x',
    'kernel.modprobe',
    '',
  ])('refuses %s', (name) => {
    expect(refusalFor(setting(name))).toMatchObject({ rule: 'sysctl', code: 'BH_ISOLATION_SYSCTL' });
    expect(planWithout('sysctl', setting(name)).spec.linux.sysctl).toEqual({ [name]: '1' });
  });

  it.each(['net.core.somaxconn', 'net/ipv4/conf/eno2.100/rp_filter', 'kernel.shmmax', 'fs.mqueue.msg_max'])(
    'keeps %s',
    (name) => {
      expect(planFor(setting(name)).spec.linux.sysctl).toEqual({ [name]: '1' });
    },
  );
});
