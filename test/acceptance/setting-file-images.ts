import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Docker, type Outcome, probe, unique } from '../support/docker.ts';
import { hostileImages } from '../support/hostile-images.ts';

/** What attaches the files of setting-files.ts works in mounts of a hostile image: none leads it astray, and it makes nothing there. */
export function settingFileImageRows(docker: () => Docker, outside: () => Promise<unknown>): void {
  describe('files for settings in hostile images', () => {
    const { containers, image, volume, sentinels, before } = hostileImages(docker, 'settings', outside);
    const write = 'cd /proc/sys/kernel; echo 4711 > panic && cat panic';
    const writes = (...args: string[]): Promise<Outcome> =>
      docker().run(['run', '--rm', '--privileged', ...args, 'sh', '-c', write]);

    test.each<[string, (root: string) => Promise<void>]>([
      [
        'directories and links at every place that is used outside',
        async (root) => {
          await mkdir(join(root, 'run/bulkhead/rootfs'), { recursive: true });
          await symlink('/etc', join(root, 'run/bulkhead/rootfs/proc'));
          await symlink('/etc', join(root, 'run/bulkhead/stage'));
        },
      ],
      [
        'a link where the second proc is kept',
        async (root) => {
          await mkdir(join(root, 'dev'), { recursive: true });
          await symlink('/etc', join(root, 'dev/.lxc'));
        },
      ],
      [
        'files of its own where /proc is mounted',
        async (root) => {
          await mkdir(join(root, 'proc/sys/kernel'), { recursive: true });
          await symlink('/etc/passwd', join(root, 'proc/sys/kernel/panic'));
        },
      ],
      [
        'a file where the second proc is kept',
        async (root) => {
          await mkdir(join(root, 'dev'), { recursive: true });
          await writeFile(join(root, 'dev/.lxc'), 'x');
        },
      ],
    ])('an image with %s gets its files, and no others', async (_what, change) => {
      expect(await writes(await image(change))).toMatchObject({ status: 0, stdout: '4711' });
      expect(await sentinels()).toEqual(before());
    });

    test('an image whose /dev is a link gains nothing', async () => {
      const evil = await image(async (root) => {
        await rm(join(root, 'dev'), { recursive: true, force: true });
        await symlink('/tmp', join(root, 'dev'));
      });
      const { stdout } = await docker().run(['run', '--rm', '--privileged', evil, 'ls', '-a', '/tmp']);
      expect(stdout).not.toContain('.lxc');
      expect(await sentinels()).toEqual(before());
    });

    /* Where the second proc has no place there are no files, because more would stop working inside. */
    test.each([
      ['a volume on /dev', () => ['-v', `${volume()}:/dev`]],
      ['a volume where the second proc is kept', () => ['-v', `${volume()}:/dev/.lxc`]],
      ['a tmpfs there', () => ['--tmpfs', '/dev/.lxc']],
    ])(
      'with %s the settings are denied as the kernel does, and nested proc still works',
      async (_what, flags) => {
        const given = flags();
        const { status, stderr } = await writes(...given, probe);
        expect([status, stderr]).toEqual([1, expect.stringContaining('Permission denied')]);
        const nested = 'unshare -r -p -f --mount-proc true && ls -A /dev/.lxc 2>/dev/null | wc -l';
        const run = ['run', '--rm', '--privileged', ...given, probe, 'sh', '-c', nested];
        expect(await docker().ok(run)).toBe('0');
      },
    );

    test('a container that joins the namespaces of another has files of its own', async () => {
      const name = unique('settings');
      containers.push(name);
      await docker().ok([
        'run',
        '-d',
        '--privileged',
        '--name',
        name,
        probe,
        'sh',
        '-c',
        `${write}; sleep 600`,
      ]);
      const joined = ['--pid', `container:${name}`, '--network', `container:${name}`];
      const script =
        'cat /proc/sys/kernel/panic; echo 5 > /proc/sys/net/netfilter/nf_conntrack_max; echo wrote';
      const run = await docker().ok(['run', '--rm', '--privileged', ...joined, probe, 'sh', '-c', script]);
      expect(run).toMatch(/^-?\d{1,2}\nwrote$/);
      expect(await docker().ok(['exec', name, 'cat', '/proc/sys/kernel/panic'])).toBe('4711');
    });
  });
}
