import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createDocker, probe } from '../../support/docker.ts';
import { giveProbeImage, type Inner, startInner } from '../../support/inner-engine.ts';
import { engineRecipe, importTestImage } from '../../support/test-images.ts';

const docker = createDocker(inject('dockerHost'));
let inner: Inner;

beforeAll(async () => {
  inner = await startInner(docker, ['--tmpfs', '/scratch', '--memory', '256m', '--cpus', '0.7']);
}, 120_000);
afterAll(() => inner.remove());

describe('podman inside', () => {
  beforeAll(async () => {
    await giveProbeImage(docker, inner);
    await inner.sh('podman load -q -i /probe.tar');
  });
  const image = `docker.io/${probe}`;

  test('runs containers on a network of its own', async () => {
    expect(await inner.sh(`podman run --rm ${image} sh -c 'ls /sys/class/net'`)).toContain('eth0');
  });

  test("runs --privileged and --net=host, which is this container's", async () => {
    expect(
      await inner.sh(`podman run --rm --privileged --net=host ${image} readlink /proc/self/ns/net`),
    ).toBe(await inner.sh('readlink /proc/1/ns/net'));
  });

  test('runs containers in a user namespace of their own, with a proc of their own', async () => {
    const maps = '--uidmap 0:1000:5000 --gidmap 0:1000:5000';
    const script = 'cat /proc/self/uid_map; ls -d /proc/[0-9]* | wc -l';
    const said = await inner.sh(`podman run --rm --net=none ${maps} ${image} sh -c '${script}'`);
    expect(said.split(/\s+/)).toEqual(['0', '1000', '5000', '3']);
  });

  test('builds', async () => {
    const command = `printf 'FROM ${image}\\nRUN echo built > /built\\n' | podman build -q --network host -t made -`;
    await inner.sh(command);
    expect(await inner.sh('podman run --rm --net=none made cat /built')).toBe('built');
  });
});

describe('FUSE, TUN and overlay', () => {
  const directories = 'mkdir -p /scratch/l /scratch/u /scratch/w /m; echo low > /scratch/l/f';
  const options = 'lowerdir=/scratch/l,upperdir=/scratch/u,workdir=/scratch/w';

  test('a FUSE file system and an overlay are mounted, used and unmounted', async () => {
    for (const mount of ['fuse-overlayfs', 'mount -t overlay overlay']) {
      const script = [
        'rm -rf /scratch/*',
        directories,
        `${mount} -o ${options} /m`,
        'grep -c " /m " /proc/mounts; cat /m/f; touch /m/new; ls /scratch/u; umount /m',
      ];
      expect(await inner.sh(script.join('\n'))).toBe('1\nlow\nnew');
    }
  });

  test("a TUN device is made in the container's own network", async () => {
    expect(await inner.sh('ip tuntap add dev tap0 mode tap; ls /sys/class/net; ip link del tap0')).toBe(
      'eth0\nlo\ntap0',
    );
  });

  test.each([
    [
      '/dev/fuse',
      ['--cap-add', 'SYS_ADMIN'],
      `mount -t tmpfs none /m && cd /m && mkdir l u w o && fuse-overlayfs -o lowerdir=l,upperdir=u,workdir=w o && touch o/x && ls u`,
      'x',
    ],
    [
      '/dev/net/tun',
      ['--cap-add', 'NET_ADMIN'],
      'ip tuntap add dev tun0 mode tun && ls /sys/class/net',
      'eth0\nlo\ntun0',
    ],
  ])('--device %s is enough, without --privileged', async (device, flags, script, answer) => {
    const ran = await docker.run([
      'run',
      '--rm',
      '--device',
      device,
      ...flags,
      await importTestImage(docker, engineRecipe),
      'sh',
      '-c',
      `mkdir -p /m; ls ${device} >/dev/null && ${script}`,
    ]);
    expect(ran).toMatchObject({ status: 0, stdout: answer });
  });
});

test('F06: securityfs cannot be mounted, and the directory shows nothing: what asks for it goes on', async () => {
  // What the docker-in-docker feature of dev containers does when it starts.
  const script = [
    'if [ -d /sys/kernel/security ] && ! mountpoint -q /sys/kernel/security; then',
    '  mount -t securityfs none /sys/kernel/security || { echo >&2 "Could not mount /sys/kernel/security."; }',
    'fi',
    'if ! mountpoint -q /tmp; then mount -t tmpfs none /tmp; fi',
    'mountpoint -q /tmp && echo started; ls /sys/kernel/security 2>/dev/null | wc -l',
  ];
  expect(await inner.sh(script.join('\n'))).toBe('started\n0');
});

test('a time namespace is made, with a clock of its own', async () => {
  const [inside = 0, outside = 0] = (
    await inner.sh('unshare --time --boottime 100000 cat /proc/uptime; cat /proc/uptime')
  )
    .split('\n')
    .map(Number.parseFloat);
  expect(inside - outside).toBeGreaterThan(99_000);
});

test('the container divides its limits and cannot raise them', async () => {
  const [memory, cpu] = await (async () => {
    const v2 = (await inner.exec('test', '-e', '/sys/fs/cgroup/cgroup.procs')).status === 0;
    return v2
      ? [
          ['', 'memory.max', '268435456'],
          ['', 'cpu.max', '70000 100000'],
        ]
      : [
          ['memory', 'memory.limit_in_bytes', '268435456'],
          ['cpu', 'cpu.cfs_quota_us', '70000'],
        ];
  })();
  for (const [hierarchy = '', file = '', limit = ''] of [memory, cpu].flatMap((one) =>
    one === undefined ? [] : [one],
  )) {
    const own = `/sys/fs/cgroup/${hierarchy}`;
    expect(await inner.sh(`cat ${own}/${file}`)).toBe(limit);
    expect(
      (await inner.exec('sh', '-c', `echo ${limit.replace(/^\d/, '9')} > ${own}/${file}`)).stderr,
    ).toContain('Permission denied');
    expect(await inner.sh(`cat ${own}/${file}; mkdir -p ${own}/child && rmdir ${own}/child`)).toBe(limit);
  }
});
