import { describe, expect, it } from 'vitest';
import type { Device, DeviceRule } from '../../oci/devices.js';
import { containing, planFor, planWithout, refusalFor } from '../testing/expect.js';
import { requestFor } from '../testing/requests.js';
import { containerSpec, privilegedSpec } from '../testing/specs.js';

function having(devices: Device[], rules: DeviceRule[] = []) {
  const spec = containerSpec();
  const { resources } = spec.linux;
  return requestFor({
    ...spec,
    linux: {
      ...spec.linux,
      devices,
      resources: { ...resources, devices: [...(resources?.devices ?? []), ...rules] },
    },
  });
}

const fuse = { path: '/dev/fuse', type: 'c', major: 10, minor: 229 };

describe('devices', () => {
  it.each<[string, Device[], DeviceRule[]]>([
    ['/dev/vda (b 254:0)', [{ path: '/dev/vda', type: 'b', major: 254, minor: 0 }], []],
    ['/dev/kmsg (c 1:11)', [{ path: '/dev/kmsg', type: 'c', major: 1, minor: 11 }], []],
    ['/dev/vda (c 1:3)', [{ path: '/dev/vda', type: 'c', major: 1, minor: 3 }], []],
    ['/dev/fuse (b 10:229)', [{ ...fuse, type: 'b' }], []],
    ['/dev/x (c 10:229)', [{ ...fuse, path: '/dev/x' }], []],
    ['a *:* rwm', [], [{ allow: true, type: 'a', major: -1, minor: -1, access: 'rwm' }]],
    ['c 254:* rw', [], [{ allow: true, type: 'c', major: 254, minor: -1, access: 'rw' }]],
    ['c 1:* r', [], [{ allow: true, type: 'c', major: 1, minor: -1, access: 'r' }]],
    ['b 1:3 rwm', [], [{ allow: true, type: 'b', major: 1, minor: 3, access: 'rwm' }]],
  ])('refuses %s', (text, devices, rules) => {
    const request = having(devices, rules);
    expect(refusalFor(request)).toMatchObject({ rule: 'devices', message: containing(text) });
    const { linux } = planWithout('devices', request).spec;
    expect([...(linux.devices ?? []), ...(linux.resources?.devices ?? [])]).toEqual(
      expect.arrayContaining([...devices, ...rules]),
    );
  });

  it('gives a listed device its node and its rule', () => {
    const { linux } = planFor(
      having([fuse], [{ allow: true, type: 'c', major: 10, minor: 229, access: 'rwm' }]),
    ).spec;
    expect(linux.devices).toEqual([fuse]);
    expect(linux.resources?.devices?.at(0)).toEqual({ allow: false, access: 'rwm' });
    expect(linux.resources?.devices?.at(-1)).toEqual({
      allow: true,
      type: 'c',
      major: 10,
      minor: 229,
      access: 'rwm',
    });
  });

  it('cuts the list of a privileged container down without a word', () => {
    const { linux } = planFor(requestFor(privilegedSpec())).spec;
    expect(linux.devices?.map(({ path }) => path)).toEqual(['/dev/null', '/dev/fuse']);
    expect(linux.resources?.devices?.filter(({ allow, major }) => allow && major === undefined)).toEqual([]);
  });

  it('keeps the other resources', () => {
    expect(planFor(having([])).spec.linux.resources).toMatchObject({
      pids: { limit: 0 },
      cpu: { shares: 0 },
    });
  });
});
