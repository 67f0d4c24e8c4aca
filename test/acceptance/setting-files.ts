import { afterAll, describe, expect, test } from 'vitest';
import { type Docker, probe, unique } from '../support/docker.ts';

/** Settings a privileged container has files for, and what these tests write. No machine has these values. */
const written: Readonly<Record<string, string>> = {
  'vm/overcommit_memory': '2',
  'vm/panic_on_oom': '2',
  'kernel/panic': '4711',
  'kernel/panic_on_oops': '77',
  'kernel/keys/root_maxkeys': '4712',
  'kernel/keys/root_maxbytes': '4713',
  'net/netfilter/nf_conntrack_max': '4714',
};
const settings = Object.keys(written);
const all = settings.join(' ');
const read = `cd /proc/sys; for s in ${all}; do cat $s; done`;
const write = `cd /proc/sys; ${settings.map((name) => `echo ${written[name]} > ${name}`).join('; ')}`;

/** What issue 3 asks for settings of the whole machine that software insists on writing. */
export function settingFileRows(docker: () => Docker, sentinels: () => Promise<unknown>): void {
  describe('settings of the machine that software insists on writing', () => {
    const containers: string[] = [];
    afterAll(() => docker().run(['rm', '-f', ...containers]));
    const start = async (): Promise<string> => {
      const name = unique('settings');
      containers.push(name);
      await docker().ok(['run', '-d', '--privileged', '--name', name, probe, 'sleep', '600']);
      return name;
    };
    const sh = (name: string, script: string): Promise<string> =>
      docker().ok(['exec', name, 'sh', '-ec', script]);
    const privileged = (script: string): Promise<string> =>
      docker().ok(['run', '--rm', '--privileged', probe, 'sh', '-ec', script]);

    test('R9.2.6, R9.2.37: are written in a privileged container, and nobody else sees it', async () => {
      const before = await sentinels();
      const [first, second] = [await start(), await start()];
      const machine = await sh(second, read);
      expect(await sh(first, read)).toBe(machine);
      await sh(first, write);
      expect(await sh(first, read)).toBe(Object.values(written).join('\n'));
      expect(await sh(second, read)).toBe(machine);
      expect(machine).not.toBe(Object.values(written).join('\n'));
      expect(await docker().ok(['run', '--rm', probe, 'sh', '-ec', read])).toBe(machine);
      expect(await sentinels()).toEqual(before);
      await docker().ok(['restart', '-t', '0', first]);
      expect(await sh(first, read)).toBe(machine);
    });

    test('R9.2.6, R9.2.37: without the files they are those of the kernel, and denied', async () => {
      const script = `cd /proc/sys; for s in ${all}; do umount $s; echo 1 > $s && echo ALLOWED; done; echo tried`;
      const { stdout, stderr } = await docker().run([
        'run',
        '--rm',
        '--privileged',
        probe,
        'sh',
        '-c',
        script,
      ]);
      expect(stdout).toBe('tried');
      expect(stderr).not.toContain('umount');
      expect(stderr.match(/Permission denied/g)).toHaveLength(settings.length);
    });

    test.each([[[]], [['--cap-add', 'SYS_ADMIN']], [['--privileged', '--read-only']]])(
      'without --privileged /proc/sys is read-only, and with a read-only root they are written: %j',
      async (flags) => {
        const script = `cd /proc/sys; for s in ${all}; do echo 1 > $s && echo written; done; true`;
        const { stdout, stderr } = await docker().run(['run', '--rm', ...flags, probe, 'sh', '-c', script]);
        const readonly = !flags.includes('--privileged');
        expect(stdout.match(/written/g) ?? []).toHaveLength(readonly ? 0 : settings.length);
        expect(stderr.match(/Read-only file system/g) ?? []).toHaveLength(readonly ? settings.length : 0);
      },
    );

    test('a proc of its own is mounted in user namespaces inside, one in the other, and denies them', async () => {
      const nested = 'unshare -r -p -f --mount-proc';
      const script = `${nested} sh -c 'ls -d /proc/[0-9]* | wc -l; (echo 1 > /proc/sys/kernel/panic) 2>&1 | grep -o denied; ${nested} echo deep'`;
      expect(await privileged(script)).toMatch(/^[23]\ndenied\ndeep$/);
    });

    test('a process of the container finds nothing but an empty directory of it', async () => {
      expect(await privileged('find /dev/.lxc; find /dev /proc/sys -name overcommit_memory')).toBe(
        '/dev/.lxc\n/proc/sys/vm/overcommit_memory',
      );
    });
  });
}
