import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KernelFacts } from '../../src/common/health.ts';
import { readImageFile } from '../support/build-gateway.ts';
import { deviceNodeTar, regularFileTar } from '../support/device-node-tar.ts';
import { attemptTests } from '../support/attempts.ts';
import { type Docker, type Outcome, probe, unique } from '../support/docker.ts';
import { readOnlyAttempts, refusedAttempts } from './privilege-attempts.ts';

/**
 * Rows B01 to B12 of the acceptance table, B06 with a volume in place of a host directory: what `--privileged` does not give. `sentinels`
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

    attemptTests(docker, refusedAttempts, { flags: ['--privileged'], image: () => probe, sentinels });

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

    test('B04: neither does it for the engine, which reads files of images as root outside every container', async () => {
      const directory = await mkdtemp(join(tmpdir(), 'bulkhead-node-'));
      const image = unique('node');
      try {
        const archive = join(directory, 'node.tar');
        await writeFile(
          archive,
          Buffer.concat([regularFileTar('plain', 'text').subarray(0, 1024), deviceNodeTar('zero')]),
        );
        await docker().ok(['import', archive, image]);
        const socket = docker().socket;
        const [plain, zero] = [
          await readImageFile(socket, image, 'plain', 4),
          await readImageFile(socket, image, 'zero', 4),
        ];
        expect(plain.data.toString()).toContain('text');
        expect(zero.data).toHaveLength(0);
        expect(zero.message).toBe('open zero: operation not permitted');
      } finally {
        await docker().run(['rmi', '-f', image]);
        await rm(directory, { recursive: true });
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

    test('B07: a file system of its own can be made read-only and writable again', async () => {
      const script = [
        'mkdir -p /own && mount -t tmpfs none /own && touch /own/a',
        'mount -o remount,ro none /own && ! touch /own/b 2>/dev/null',
        'mount -o remount,rw none /own && touch /own/b && umount /own && echo worked',
      ].join(' && ');
      expect((await privileged('sh', '-c', script)).stdout).toBe('worked');
    });

    /* Unlike with Sysbox a container may take its own /proc away. What it then mounts is still that of its own namespaces. */
    test('B08: without its /proc, its /sys and their masks a container sees and writes no more than before', async () => {
      const script = [
        'me=$(cat /proc/self/uid_map)',
        'for m in /proc/kcore /proc/timer_list /proc/sys /proc/sysrq-trigger; do umount $m; done',
        'head -c 1 /proc/kcore && echo ALLOWED',
        'umount -l /proc; umount /sys && echo ALLOWED; umount -l /sys',
        'mount -t proc proc /proc || { echo none; exit; }',
        'mount -t sysfs sysfs /sys && { [ "$(ls /sys/class/net | tr "\\n" " ")" = "eth0 lo " ] || echo ALLOWED; }',
        '[ "$(cat /proc/self/uid_map)" = "$me" ] || echo ALLOWED',
        '[ "$(ls -d /proc/[0-9]* | wc -l)" -lt 8 ] || echo ALLOWED',
        'echo "|/x" > /proc/sys/kernel/core_pattern && echo ALLOWED',
        'echo h > /proc/sysrq-trigger && echo ALLOWED',
        'echo /x > /sys/kernel/uevent_helper && echo ALLOWED',
        'head -c 1 /proc/kcore && echo ALLOWED',
        'echo tried',
      ].join('; ');
      for (const flags of [['--privileged'], ['--cap-add', 'SYS_ADMIN']]) {
        const { stdout } = await docker().run(['run', '--rm', ...flags, probe, 'sh', '-c', script]);
        expect(stdout).toMatch(/^(tried|none)$/);
      }
    });

    test('B11: --init works', async () => {
      expect((await docker().run(['run', '--rm', '--init', probe, 'cat', '/proc/1/comm'])).stdout).toBe(
        'docker-init',
      );
    });

    test('B12: kernel.shmmax is written, and read in no other container', async () => {
      const write = 'echo 70000001 > /proc/sys/kernel/shmmax && cat /proc/sys/kernel/shmmax';
      expect((await privileged('sh', '-c', write)).stdout).toBe('70000001');
      expect((await privileged('cat', '/proc/sys/kernel/shmmax')).stdout).not.toBe('70000001');
    });

    test('R9.3.6: a read-only root stays so', async () => {
      const script =
        'for o in remount,rw remount,bind,rw; do mount -o $o / && echo ALLOWED; mount -o $o none / && echo ALLOWED; done; probe mount-setattr-rw / && echo ALLOWED; touch /x && echo ALLOWED; echo tried';
      for (const flags of [['--privileged'], ['--cap-add', 'SYS_ADMIN']]) {
        const command = ['run', '--rm', '--read-only', ...flags, probe, 'sh', '-c', script];
        const { stdout } = await docker().run(command);
        expect(stdout.split('\n').at(-1)).toBe('tried');
        expect(stdout).not.toContain('ALLOWED');
      }
    });

    describe.each([['--privileged'], ['--cap-add=SYS_ADMIN']])(
      'a volume given read-only, with %s',
      (flag) => {
        const volume = unique('ro');
        const content = async (): Promise<unknown> => [
          await docker().ok(['run', '--rm', '-v', `${volume}:/data`, probe, 'ls', '/data']),
          await sentinels(),
        ];
        afterAll(async () => {
          await docker().ok(['volume', 'rm', volume]);
        });
        attemptTests(docker, readOnlyAttempts, {
          flags: [flag, '-v', `${volume}:/data:ro`],
          image: () => probe,
          sentinels: content,
        });
      },
    );
  });
}
