import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createDocker, unique } from '../../support/docker.ts';
import { eventually } from '../../support/eventually.ts';
import { importTestImage, systemdRecipe } from '../../support/test-images.ts';

const docker = createDocker(inject('dockerHost'));
const name = unique('systemd');
const systemctl = async (...args: string[]): Promise<string> =>
  (await docker.run(['exec', name, 'systemctl', '--no-pager', '--plain', '--no-legend', ...args])).stdout;

beforeAll(async () => {
  const cgroupVersion = existsSync('/sys/fs/cgroup/cgroup.controllers') ? 2 : 1;
  const image = await importTestImage(docker, systemdRecipe(cgroupVersion));
  await docker.ok(['run', '-d', '-t', '--privileged', '--name', name, image]);
}, 120_000);
afterAll(() => docker.ok(['rm', '-f', name]));

test('F12: systemd boots; the only units that fail mount what belongs to the machine', async () => {
  await eventually(async () => {
    expect((await systemctl('is-system-running')).trim()).toMatch(/^(running|degraded)$/);
  }, 30_000);
  const failed = (await systemctl('--failed'))
    .split('\n')
    .map((line) => line.replace('●', '').trim().split(/\s+/)[0] ?? '');
  expect(['sys-kernel-config.mount', 'sys-kernel-debug.mount', 'sys-kernel-tracing.mount', '']).toEqual(
    expect.arrayContaining(failed),
  );
  expect(await systemctl('show', '-p', 'ActiveState', 'dbus.socket', 'systemd-journald.service')).toBe(
    'ActiveState=active\n\nActiveState=active',
  );
});

test('F12: a service has a cgroup of its own, divided by systemd', async () => {
  await docker.ok(['exec', name, 'systemd-run', '--unit', 'napping', 'sleep', '600']);
  const pid = /MainPID=(\d+)/.exec(await systemctl('show', '-p', 'MainPID', 'napping'))?.[1] ?? '';
  expect(await docker.ok(['exec', name, 'cat', `/proc/${pid}/cgroup`])).toMatch(
    /:\/system\.slice\/napping\.service$/m,
  );
  await docker.ok(['exec', name, 'systemctl', 'stop', 'napping']);
});

test('F12: docker stop ends it in order, and every file system is unmounted', async () => {
  const started = performance.now();
  await docker.ok(['stop', '-t', '20', name]);
  expect(performance.now() - started).toBeLessThan(15_000);
  const said = await docker.ok(['logs', name]);
  expect(said).toContain('All filesystems, swaps, loop devices');
  expect(said).not.toMatch(/Failed unmounting|Could not (detach|unmount)|target is busy/i);
});
