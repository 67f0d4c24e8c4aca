import { describe, expect, it } from 'vitest';
import type { Mount } from '../../oci/mounts.js';
import { containing, planFor, planWithout, refusalFor } from '../testing/expect.js';
import { buildStep, requestFor } from '../testing/requests.js';
import { buildSpec, containerSpec, mount, volumeMount } from '../testing/specs.js';

function adding(entry: Mount) {
  const spec = containerSpec();
  return requestFor({ ...spec, mounts: [...(spec.mounts ?? []), entry] });
}

describe('mounts', () => {
  it.each([
    [mount('/mnt', 'nfs', 'server:/'), 'type nfs is not known'],
    [mount('/mnt', 'ext4', '/dev/vda'), 'type ext4 is not known'],
    [mount('/mnt', '', '/dev/vda'), 'type (none) is not known'],
    [mount('/mnt', 'constructor', 'x'), 'type constructor is not known'],
    [mount('/mnt', 'tmpfs', 'tmpfs', 'context=x'), 'option context=x is not known here for tmpfs'],
    [mount('/mnt', 'tmpfs', 'tmpfs', 'size=1,uid=0'), 'is not known here for tmpfs'],
    [mount('/dev/pts', 'devpts', 'devpts', 'size=1'), 'option size=1'],
    [mount('/mnt', 'proc', 'proc'), 'proc may only be mounted on /proc'],
    [mount('/mnt', 'sysfs', 'sysfs'), 'sysfs may only be mounted on /sys'],
    [mount('/proc', 'tmpfs', 'tmpfs'), '/proc must stay'],
    [mount('/proc/sys', 'tmpfs', 'tmpfs'), '/proc must stay'],
    [mount('/sys/kernel', 'tmpfs', 'tmpfs'), '/sys must stay'],
    [volumeMount('/proc', 'data', 'rbind'), '/proc must stay'],
    [volumeMount('/proc/self/attr', 'data', 'rbind'), '/proc must stay'],
    [volumeMount('//proc//sys/', 'data', 'rbind'), '/proc must stay'],
    [volumeMount('/sys', 'data', 'rbind'), '/sys must stay'],
    [volumeMount('/sys/fs/cgroup', 'data', 'rbind'), '/sys must stay'],
    [volumeMount('/', 'data', 'rbind'), 'may not be covered'],
    [volumeMount('/a/../proc', 'data', 'rbind'), 'not a plain absolute path'],
    [volumeMount('data', 'data', 'rbind'), 'not a plain absolute path'],
    [volumeMount('/data2', 'data', 'rbind', 'idmap'), 'option idmap is not known'],
    [volumeMount('/data2', 'data', 'rbind', 'size=5'), 'option size=5 is not known'],
    [{ ...volumeMount('/data2', 'data', 'rbind'), type: 'tmpfs' }, 'contradict each other'],
    [{ ...volumeMount('/d', 'data'), uidMappings: [] }, 'its own id mapping'],
    [{ ...volumeMount('/d', 'data'), gidMappings: [] }, 'its own id mapping'],
  ])('refuses %j', (entry, text) => {
    expect(refusalFor(adding(entry))).toMatchObject({
      rule: 'mounts',
      message: containing(text),
    });
    expect(planWithout('mounts', adding(entry)).spec.mounts?.at(-1)?.destination).toBe(entry.destination);
  });

  it('knows the overlay of a build step by the options BuildKit writes, and of nobody else', () => {
    const overlay = (...more: string[]) => mount('/mnt', 'overlay', 'overlay', 'lowerdir=/etc:/usr', ...more);
    expect(refusalFor(adding(overlay()))).toMatchObject({
      rule: 'mounts',
      message: containing('type overlay is not known'),
    });
    const step = (entry: Mount) => requestFor({ ...buildSpec(), mounts: [entry] }, { container: buildStep });
    expect(refusalFor(step(overlay('index=off', 'redirect_dir=off', 'ro'))).rule).toBe('binds');
    for (const option of ['upperdir=/u', 'workdir=/w', 'lowerdir+=/x', 'lowerdir=', 'metacopy=on', 'rw'])
      expect(refusalFor(step(overlay(option)))).toMatchObject({
        rule: 'mounts',
        message: containing(`option ${option} is not known here for overlay`),
      });
  });

  it.each([
    mount(
      '/run',
      'tmpfs',
      'tmpfs',
      'noexec',
      'nosuid',
      'nodev',
      'rprivate',
      'size=65536k',
      'uid=5',
      'mode=1777',
    ),
    mount('/scratch', 'tmpfs', 'tmpfs', 'nosuid', 'size=50%', 'tmpcopyup'),
    volumeMount('/proc/cpuinfo', 'data', 'rbind', 'ro'),
    volumeMount('/processes', 'data', 'rbind'),
    { destination: '/d', type: 'none', source: '/var/lib/docker/volumes/d/_data', options: ['bind'] },
  ])('takes %j', (entry) => {
    expect(planFor(adding(entry)).spec.mounts?.at(-1)?.destination).toBe(entry.destination);
  });
});
