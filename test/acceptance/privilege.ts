import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KernelFacts } from '../../src/common/health.ts';
import { deviceNodeTar } from '../support/device-node-tar.ts';
import { type Docker, type Outcome, probe, unique } from '../support/docker.ts';

/**
 * Rows B01 to B05 of the acceptance table and the volume variant of B06: what `--privileged` does not give. `sentinels`
 * reads the values outside that an attack would change: a refused write proves nothing unless they kept theirs.
 */
export function privilegeRows(docker: () => Docker, sentinels: () => Promise<KernelFacts>): void {
  describe('privilege', () => {
    let before: KernelFacts;
    beforeAll(async () => {
      before = await sentinels();
    });
    afterAll(async () => {
      expect(await sentinels()).toEqual(before);
    });

    const privileged = async (...command: string[]): Promise<Outcome> =>
      docker().run(['run', '--rm', '--privileged', probe, ...command]);

    test('the probe works where it is allowed, so that a refusal below is the refusal of the kernel', async () => {
      expect(
        await privileged('sh', '-c', 'mount -t tmpfs none /mnt && touch /mnt/x && umount /mnt'),
      ).toMatchObject({ status: 0 });
    });

    test('B01: the list of BPF maps cannot be walked', async () => {
      const { status, stdout } = await privileged('probe', 'bpf-next-id');
      expect(status).not.toBe(0);
      expect(stdout).toContain('EPERM');
    });

    test.each(['init-module', 'finit-module'])('B02: a module cannot be loaded by %s', async (call) => {
      const { status, stdout } = await privileged('probe', call);
      expect(status).not.toBe(0);
      expect(stdout).toMatch(/EPERM|ENOSYS/);
    });

    test.each([
      ['sysctl of the kernel', 'echo 1 > /proc/sys/vm/drop_caches'],
      ['core pattern', 'echo "|/x" > /proc/sys/kernel/core_pattern'],
      ['module loader', 'echo /x > /proc/sys/kernel/modprobe'],
      ['sysrq', 'echo b > /proc/sysrq-trigger'],
      ['uevent helper', 'echo /x > /sys/kernel/uevent_helper'],
    ])('B03: %s cannot be written', async (_what, script) => {
      const { status, stderr } = await privileged('sh', '-c', script);
      expect(status).not.toBe(0);
      expect(stderr).toMatch(/Permission denied|Read-only file system|nonexistent|No such file/);
    });

    test.each([
      ['a node made inside', 'mknod /tmp/b b 254 0 && cat /tmp/b'],
      [
        'a node that is there',
        'for d in /dev/vd* /dev/sd* /dev/nvme* /dev/loop* /dev/dm-*; do [ -b "$d" ] && head -c 1 "$d" && exit 0; done; exit 1',
      ],
      ['a mount', 'mount -t ext4 /dev/vda /mnt'],
      ['raw memory', 'mknod /tmp/m c 1 1 && head -c 1 /tmp/m'],
    ])('B04: no block device is reached through %s', async (_what, script) => {
      expect((await privileged('sh', '-c', script)).status).not.toBe(0);
    });

    test('B04: a device node that an image brings opens nothing, while those in /dev do', async () => {
      const context = await mkdtemp(join(tmpdir(), 'bulkhead-node-'));
      const image = unique('node');
      try {
        await writeFile(join(context, 'node.tar'), deviceNodeTar('zero'));
        await writeFile(join(context, 'Dockerfile'), `FROM ${probe}\nADD node.tar /\n`);
        await docker().ok(['build', '-q', '-t', image, context]);
        const script = `stat -c %F:%t,%T /zero; head -c 1 /dev/zero | wc -c
          mount -o remount,bind,dev / || echo locked; head -c 1 /zero | wc -c`;
        const { stdout, stderr } = await docker().run([
          'run',
          '--rm',
          '--privileged',
          image,
          'sh',
          '-c',
          script,
        ]);
        expect(stdout.split('\n')).toEqual(['character special file:1,5', '1', 'locked', '0']);
        expect(stderr).toContain('/zero: Permission denied');
      } finally {
        await docker().run(['rmi', '-f', image]);
        await rm(context, { recursive: true });
      }
    });

    test('B05: pid 1 as the container sees it has the namespaces of the container', async () => {
      const script =
        'for n in mnt pid net user ipc uts; do [ "$(readlink /proc/1/ns/$n)" = "$(readlink /proc/self/ns/$n)" ] && echo same; done';
      expect((await privileged('sh', '-c', script)).stdout.trim().split('\n')).toEqual(
        Array.from({ length: 6 }, () => 'same'),
      );
      expect((await privileged('nsenter', '-t', '1', '-m', '--', 'probe', 'bpf-next-id')).stdout).toContain(
        'EPERM',
      );
    });

    test('B05: nor with the pid namespace of the VM, which is refused', async () => {
      const { status, stderr } = await docker().run([
        'run',
        '--rm',
        '--privileged',
        '--pid=host',
        probe,
        'nsenter',
        '-t',
        '1',
        '-m',
        '--',
        'true',
      ]);
      expect(status).not.toBe(0);
      expect(stderr).toContain("can't share namespaces [pid] with the host");
    });

    test.each([
      ['mount(2)', 'mount -o remount,bind,rw /data && touch /data/x'],
      ['mount(2), raw', 'probe remount-rw /data && touch /data/x'],
      ['mount_setattr(2)', 'probe mount-setattr-rw /data && touch /data/x'],
      ['open_tree(2)', 'probe open-tree-rw /data'],
      ['a bind of it', 'mkdir /m2 && mount --bind /data /m2 && mount -o remount,bind,rw /m2 && touch /m2/x'],
      ['a mount namespace within', 'unshare -m sh -c "mount -o remount,bind,rw /data && touch /data/x"'],
      ['unmounting it', 'umount /data && touch /data/x'],
    ])('a read-only volume stays so against %s', async (_what, script) => {
      const volume = unique('ro');
      await docker().run([
        'run',
        '--rm',
        '--privileged',
        '-v',
        `${volume}:/data:ro`,
        probe,
        'sh',
        '-c',
        script,
      ]);
      expect(await docker().ok(['run', '--rm', '-v', `${volume}:/data`, probe, 'ls', '/data'])).toBe('');
      await docker().ok(['volume', 'rm', volume]);
    });
  });
}
