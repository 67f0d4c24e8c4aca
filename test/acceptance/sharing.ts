import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Docker, probe, unique } from '../support/docker.ts';

/** Rows C01 to C08 of the acceptance table. Containers that share namespaces: with each other they may, then with one user namespace; with the host never. */
export function sharingRows(docker: () => Docker): void {
  describe('sharing namespaces', () => {
    const owner = unique('owner');
    const guests: string[] = [];
    beforeAll(async () => {
      const flags = ['--ipc', 'shareable', '--hostname', 'owner-box'];
      await docker().ok(['run', '-d', '--name', owner, ...flags, probe, 'sleep', '600']);
    });
    afterAll(async () => {
      await docker().run(['rm', '-f', owner, ...guests]);
    });

    const inOwner = async (...command: string[]): Promise<string> => docker().ok(['exec', owner, ...command]);
    const guest = async (...flags: string[]): Promise<string> => {
      const name = unique('guest');
      guests.push(name);
      await docker().ok(['run', '-d', '--name', name, ...flags, probe, 'sleep', '700']);
      return name;
    };
    /** What only its own first process can tell: `docker exec` is a second way in. */
    const namespaceOf = async (container: string, kind: string): Promise<string> =>
      docker().ok(['exec', container, 'readlink', `/proc/self/ns/${kind}`]);

    test.each([
      ['C05', 'network', 'net'],
      ['C07', 'pid', 'pid'],
      ['C06', 'ipc', 'ipc'],
    ])('%s: --%s container:x joins it and its user namespace, also for exec', async (_row, flag, kind) => {
      const name = await guest(`--${flag}`, `container:${owner}`);
      for (const shared of [kind, 'user'])
        expect(await namespaceOf(name, shared)).toBe(await namespaceOf(owner, shared));
      for (const own of ['net', 'pid', 'ipc', 'mnt', 'cgroup'].filter((other) => other !== kind))
        expect(await namespaceOf(name, own)).not.toBe(await namespaceOf(owner, own));
      expect(await docker().ok(['exec', name, 'cat', '/proc/self/uid_map'])).toBe(
        await inOwner('cat', '/proc/self/uid_map'),
      );
      await docker().ok(['restart', '-t', '1', name]);
      expect(await namespaceOf(name, kind)).toBe(await namespaceOf(owner, kind));
    });

    test('the network is one: the same address, host name and loopback', async () => {
      const name = await guest('--network', `container:${owner}`);
      const address = ['cat', '/sys/class/net/eth0/address'];
      expect(await docker().ok(['exec', name, ...address])).toBe(await inOwner(...address));
      expect(await docker().ok(['exec', name, 'hostname'])).toBe('owner-box');
      await docker().ok(['exec', '-d', owner, 'sh', '-c', 'echo over-loopback | nc -l -p 81']);
      const ask = 'for i in 1 2 3 4 5 6 7 8 9 10; do nc -w 5 127.0.0.1 81 && exit 0; sleep 1; done; exit 1';
      expect(await docker().ok(['exec', name, 'sh', '-c', ask])).toBe('over-loopback');
    });

    test('the processes are seen and can be signalled', async () => {
      const name = await guest('--pid', `container:${owner}`);
      expect(await docker().ok(['exec', name, 'ps'])).toContain('sleep 600');
      expect(await inOwner('ps')).toContain('sleep 700');
      expect(await docker().ok(['exec', name, 'sh', '-c', 'kill -0 1 && echo allowed'])).toBe('allowed');
    });

    test('shared memory and message queues are one', async () => {
      const name = await guest('--ipc', `container:${owner}`);
      await inOwner('sh', '-c', 'echo kept > /dev/shm/file');
      expect(await docker().ok(['exec', name, 'cat', '/dev/shm/file'])).toBe('kept');
      await inOwner('sh', '-c', 'mkdir -p /mq && : > /dev/mqueue/queue');
      expect(await docker().ok(['exec', name, 'ls', '/dev/mqueue'])).toBe('queue');
    });

    test('C08: /sys/class/net shows the interfaces of the container alone', async () => {
      expect(await inOwner('ls', '/sys/class/net')).toBe('eth0\nlo');
      expect(await docker().ok(['run', '--rm', '--network', 'none', probe, 'ls', '/sys/class/net'])).toBe(
        'lo',
      );
    });

    test('a container that has ended cannot be joined', async () => {
      const ended = unique('ended');
      guests.push(ended);
      await docker().ok(['run', '--name', ended, probe, 'true']);
      for (const flag of ['--network', '--pid']) {
        const { status, stderr } = await docker().run([
          'run',
          '--rm',
          flag,
          `container:${ended}`,
          probe,
          'true',
        ]);
        expect(status).not.toBe(0);
        expect(stderr).toMatch(/not running|non running/);
      }
    });
  });
}

/** Rows C01 to C03: namespaces of the host. */
export function hostNamespaceRows(docker: () => Docker): void {
  describe('namespaces of the host', () => {
    test.each([
      ['C01, R9.2.22', '--pid=host', "can't share namespaces [pid] with the host"],
      ['C02, R9.2.22', '--network=host', "can't share a network namespace with the host"],
      ['C03, R9.2.22', '--ipc=host', "can't share namespaces [ipc] with the host"],
      ['C03, R9.2.22', '--uts=host', "can't share namespaces [uts] with the host"],
      ['C03, R9.2.22', '--cgroupns=host', "can't share namespaces [cgroup] with the host"],
    ])('%s: %s is refused, privileged or not', async (_row, flag, text) => {
      for (const more of [[], ['--privileged']]) {
        const { status, stdout, stderr } = await docker().run([
          'run',
          '--rm',
          ...more,
          flag,
          probe,
          'echo',
          'ran',
        ]);
        expect(stdout).toBe('');
        expect(status).not.toBe(0);
        expect(stderr).toContain(text);
        expect(stderr).toContain('because every container is isolated with a Linux user namespace');
      }
    });
  });
}
