import { rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Docker, type Outcome, probe, unique } from '../support/docker.ts';
import { hostileImages } from '../support/hostile-images.ts';

/** Row B15 of the acceptance table and reference/runtime.md §9.1: escapes that runtimes had. After all of them the host is as before. */
export function runtimeCveRows(docker: () => Docker, outside: () => Promise<unknown>): void {
  describe('escapes that runtimes had', () => {
    const { containers, image, volume, sentinels, before } = hostileImages(docker, 'cve', outside);
    const start = async (...args: string[]): Promise<string> => {
      const name = unique('cve');
      containers.push(name);
      await docker().ok(['run', '-d', '--name', name, ...args]);
      return name;
    };
    const run = async (...args: string[]): Promise<Outcome> => docker().run(['run', '--rm', ...args]);
    test('B15, R9.1.1: no runtime is overwritten through /proc/self/exe (CVE-2019-5736)', async () => {
      const evil = await image(async (root) => {
        await writeFile(join(root, 'evil'), '#!/proc/self/exe\n', { mode: 0o755 });
      });
      await run('--privileged', evil, '/evil');
      const script =
        'while :; do for p in /proc/[0-9]*; do [ $p = /proc/$$ ] || (echo x > $p/exe) 2>/dev/null && echo ALLOWED; done; done';
      const loop = await start('--privileged', evil, 'sh', '-c', script);
      for (let round = 0; round < 4; round += 1)
        await docker().run(['exec', '--privileged', loop, round % 2 === 0 ? '/evil' : 'true']);
      await docker().run(['rm', '-f', loop]);
      expect(await sentinels()).toEqual(before());
    });

    test('B15, R9.1.3, R9.1.4: devices of the image lead to no setting of the kernel (CVE-2025-31133, CVE-2025-52565)', async () => {
      const evil = await image(async (root) => {
        for (const path of ['dev/null', 'dev/console', 'dev/pts']) {
          await rm(join(root, path), { recursive: true, force: true });
          await symlink('/proc/sys/kernel/core_pattern', join(root, path));
        }
      });
      for (const flags of [[], ['-t'], ['--privileged', '-t']])
        await run(...flags, evil, 'sh', '-c', 'echo "|/x" > /dev/null; echo "|/x" > /dev/console');
      expect(await sentinels()).toEqual(before());
    });

    test('B15, R9.1.5: labels are written where the kernel looks for them (CVE-2025-52881)', async () => {
      for (const target of ['/proc/self/attr', '/proc/self/attr/exec', '/proc/thread-self', '/proc/self']) {
        const { status, stdout } = await run('-v', `${volume()}:${target}`, probe, 'echo', 'ran');
        expect([target, stdout]).toEqual([target, '']);
        expect(status).not.toBe(0);
      }
      const evil = await image(async (root) => symlink('/proc/self/attr', join(root, 'data')));
      const { status, stdout } = await run('-v', `${volume()}:/data`, evil, 'echo', 'ran');
      expect([status === 0, stdout]).toEqual([false, '']);
    });

    test('B15, R9.1.6: nothing is made where /dev of the image leads (CVE-2026-41579)', async () => {
      const evil = await image(async (root) => {
        await rm(join(root, 'dev'), { recursive: true, force: true });
        await symlink('/../../tmp', join(root, 'dev'));
      });
      await run(evil, 'true');
      await run('--privileged', evil, 'true');
      expect(await sentinels()).toEqual(before());
    });

    /* dockerd itself puts directories in the place of the links, in a layer of the container. */
    test('B15, R9.1.7: where /proc and /sys of the image lead nothing is mounted (CVE-2019-19921, CVE-2023-28642)', async () => {
      const evil = await image(async (root) => {
        for (const name of ['proc', 'sys']) {
          await rm(join(root, name), { recursive: true, force: true });
          await symlink('/tmp', join(root, name));
        }
      });
      const script =
        'for m in "/proc proc" "/sys sysfs" "/tmp "; do grep -c "^[^ ]* $m" /proc/self/mounts; done; ls /tmp';
      const { status, stdout } = await run(evil, 'sh', '-c', script);
      expect(status === 125 ? '1\n1\n0' : stdout).toBe('1\n1\n0');
    });

    test.each(['/proc', '/proc/', '//proc', '/proc/sys', '/proc/self', '/sys', '/tmp/../proc'])(
      'B15, R9.1.8: nothing is mounted over %s (CVE-2023-27561)',
      async (target) => {
        const { status, stdout } = await run('-v', `${volume()}:${target}`, probe, 'echo', 'ran');
        expect([status === 0, stdout]).toEqual([false, '']);
      },
    );

    /** A container that swaps a name of a volume between a directory and a link to the engine's files until it is removed. */
    const swapping = async (data: string): Promise<string> => {
      const script = [
        'cd /v; mkdir -p real/b; ln -s /run/bulkhead/engine link',
        'while :; do mv real a; mv a real; mv link a; mv a link; done',
      ].join('; ');
      return start('-v', `${data}:/v`, probe, 'sh', '-c', script);
    };

    test('B15, R9.1.9: no file is made outside by a mount target that is being swapped (CVE-2024-45310)', async () => {
      const data = volume();
      const swapper = await swapping(data);
      const other = volume();
      for (let round = 0; round < 8; round += 1)
        await run('-v', `${data}:/v`, '-v', `${other}:/v/a/made-${round}`, probe, 'true');
      await docker().run(['rm', '-f', swapper]);
      expect(await sentinels()).toEqual(before());
    });
  });
}
