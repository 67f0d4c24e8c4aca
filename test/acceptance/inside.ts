import { beforeAll, describe, expect, test } from 'vitest';
import { type Docker, probe } from '../support/docker.ts';
import { giveProbeImage, type Inner } from '../support/inner-engine.ts';

/**
 * What a container does with the kernel when it has the devices and capabilities for it.
 *
 * @param inner runs with `--tmpfs /scratch --memory 256m` and `--cpus`.
 * @param image the image it runs.
 */
export function kernelFeatureRows(
  docker: () => Docker,
  inner: () => Inner,
  image: () => Promise<string>,
  cpus: number,
): void {
  const quota = String(cpus * 100_000);
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
        expect(await inner().sh(script.join('\n'))).toBe('1\nlow\nnew');
      }
    });

    test("a TUN device is made in the container's own network", async () => {
      const script = 'ip tuntap add dev tap0 mode tap; ls /sys/class/net; ip link del tap0';
      expect(await inner().sh(script)).toBe('eth0\nlo\ntap0');
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
      const command = ['sh', '-c', `mkdir -p /m; ls ${device} >/dev/null && ${script}`];
      const ran = await docker().run([
        'run',
        '--rm',
        '--device',
        device,
        ...flags,
        await image(),
        ...command,
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
    expect(await inner().sh(script.join('\n'))).toBe('started\n0');
  });

  test('a time namespace is made, with a clock of its own', async () => {
    const script = 'unshare --time --boottime 100000 cat /proc/uptime; cat /proc/uptime';
    const [inside = 0, outside = 0] = (await inner().sh(script)).split('\n').map(Number.parseFloat);
    expect(inside - outside).toBeGreaterThan(99_000);
  });

  test('the container divides its limits and cannot raise them', async () => {
    const v2 = (await inner().exec('test', '-e', '/sys/fs/cgroup/cgroup.procs')).status === 0;
    const limits = v2
      ? [
          ['/sys/fs/cgroup', 'memory.max', '268435456'],
          ['/sys/fs/cgroup', 'cpu.max', `${quota} 100000`],
        ]
      : [
          ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes', '268435456'],
          ['/sys/fs/cgroup/cpu', 'cpu.cfs_quota_us', quota],
        ];
    for (const [own = '', file = '', limit = ''] of limits) {
      expect(await inner().sh(`cat ${own}/${file}`)).toBe(limit);
      const raise = `echo ${limit.replace(/^\d/, '9')} > ${own}/${file}`;
      expect((await inner().exec('sh', '-c', raise)).stderr).toContain('Permission denied');
      // The limit of a part is the container's to set.
      const divide = [
        `cat ${own}/${file}; mkdir -p ${own}/part`,
        `echo ${limit.replace(/^\d/, '1')} > ${own}/part/${file}; cat ${own}/part/${file}; rmdir ${own}/part`,
      ];
      const [whole, part] = (await inner().sh(divide.join('\n'))).split('\n');
      expect([whole, part?.slice(0, 1)]).toEqual([limit, '1']);
    }
  });
}

/**
 * podman in a privileged container.
 *
 * @param builds whether it builds, too, which takes 40 s under TCG.
 */
export function podmanRows(docker: () => Docker, inner: () => Inner, builds: boolean): void {
  describe('podman inside', () => {
    const image = `docker.io/${probe}`;
    beforeAll(async () => {
      await giveProbeImage(docker(), inner());
      await inner().sh('podman load -q -i /probe.tar');
    });

    test('runs containers on a network of its own', async () => {
      expect(await inner().sh(`podman run --rm ${image} sh -c 'ls /sys/class/net'`)).toContain('eth0');
    });

    test("runs --privileged and --net=host, which is this container's", async () => {
      const links = `podman run --rm --privileged --net=host ${image} readlink /proc/self/ns/net`;
      expect(await inner().sh(links)).toBe(await inner().sh('readlink /proc/1/ns/net'));
    });

    test('runs containers in a user namespace of their own, with a proc of their own', async () => {
      const maps = '--uidmap 0:1000:5000 --gidmap 0:1000:5000';
      const script = 'cat /proc/self/uid_map; set -- /proc/[0-9]*; echo $#';
      const said = await inner().sh(`podman run --rm --net=none ${maps} ${image} sh -c '${script}'`);
      expect(said.split(/\s+/)).toEqual(['0', '1000', '5000', '1']);
    });

    if (!builds) return;
    test('builds', async () => {
      const dockerfile = `FROM ${image}\\nRUN echo built > /built\\n`;
      await inner().sh(`printf '${dockerfile}' | podman build -q --network host -t made -`);
      expect(await inner().sh('podman run --rm --net=none made cat /built')).toBe('built');
    });
  });
}
