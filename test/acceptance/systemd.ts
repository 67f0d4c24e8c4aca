import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Docker, type Outcome, unique } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';

/**
 * Row F12: systemd as PID 1 of a container.
 *
 * @param image an image whose command is systemd.
 * @param active two units that run then.
 * @param bootMs how long it may take to boot, in milliseconds; `stopMs` to stop.
 */
export function systemdRows(
  docker: () => Docker,
  image: () => Promise<string>,
  {
    active,
    bootMs,
    stopMs,
  }: { readonly active: readonly string[]; readonly bootMs: number; readonly stopMs: number },
): void {
  describe('systemd inside', () => {
    const name = unique('systemd');
    const systemctl = async (...args: string[]): Promise<Outcome> =>
      docker().run(['exec', name, 'systemctl', '--no-pager', '--plain', '--no-legend', ...args]);

    beforeAll(async () => {
      await docker().ok(['run', '-d', '-t', '--privileged', '--name', name, await image()]);
    });
    afterAll(() => docker().ok(['rm', '-f', name]));

    test('F12: systemd boots; the only units that fail mount what belongs to the machine', async () => {
      await eventually(async () => {
        const { stdout, stderr } = await systemctl('is-system-running');
        expect(`${stdout.trim()} ${stderr.trim()}`).toMatch(/^(running|degraded) $/);
      }, bootMs);
      const failed = (await systemctl('--failed')).stdout
        .split('\n')
        .map((line) => line.replace('●', '').trim().split(/\s+/)[0] ?? '');
      expect(['sys-kernel-config.mount', 'sys-kernel-debug.mount', 'sys-kernel-tracing.mount', '']).toEqual(
        expect.arrayContaining(failed),
      );
      expect((await systemctl('show', '-p', 'ActiveState', ...active)).stdout).toBe(
        'ActiveState=active\n\nActiveState=active',
      );
    });

    test('F12: a service has a cgroup of its own, divided by systemd', async () => {
      await docker().ok(['exec', name, 'systemd-run', '--unit', 'napping', 'sleep', '600']);
      const shown = (await systemctl('show', '-p', 'MainPID', 'napping')).stdout;
      const pid = /MainPID=(\d+)/.exec(shown)?.[1] ?? '';
      expect(await docker().ok(['exec', name, 'cat', `/proc/${pid}/cgroup`])).toMatch(
        /:\/system\.slice\/napping\.service$/m,
      );
      await docker().ok(['exec', name, 'systemctl', 'stop', 'napping']);
    });

    test('F12: docker stop ends it in order, and every file system is unmounted', async () => {
      const started = performance.now();
      await docker().ok(['stop', '-t', String(stopMs / 1000 + 5), name]);
      expect(performance.now() - started).toBeLessThan(stopMs);
      const said = await docker().ok(['logs', name]);
      expect(said).toContain('All filesystems, swaps, loop devices');
      expect(said).not.toMatch(/Failed unmounting|Could not (detach|unmount)|target is busy/i);
    });
  });
}
