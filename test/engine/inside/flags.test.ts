import { afterAll, describe, expect, inject, test } from 'vitest';
import { createDocker, probe, unique } from '../../support/docker.ts';
import { eventually } from '../../support/eventually.ts';

const docker = createDocker(inject('dockerHost'));
const containers: string[] = [];
afterAll(() => docker.run(['rm', '-f', ...containers]));

async function start(...flags: string[]): Promise<string> {
  const name = unique('flags');
  containers.push(name);
  await docker.ok(['run', '-d', '--name', name, ...flags, probe, 'sleep', '600']);
  return name;
}
const state = (name: string, field: string): Promise<string> =>
  docker.ok(['inspect', '-f', `{{${field}}}`, name]);

describe('flags of docker run', () => {
  test('--shm-size, --ulimit, --oom-score-adj', async () => {
    const script = 'df -m /dev/shm | tail -1 | awk "{print \\$2}"; ulimit -n; cat /proc/self/oom_score_adj';
    const flags = ['--shm-size', '96m', '--ulimit', 'nofile=512:1024', '--oom-score-adj', '300'];
    expect(await docker.ok(['run', '--rm', ...flags, probe, 'sh', '-c', script])).toBe('96\n512\n300');
  });

  test('a container that asks to be spared by the OOM killer runs, and is spared no more than policy says', async () => {
    const value = Number(
      await docker.ok(['run', '--rm', '--oom-score-adj', '-1000', probe, 'cat', '/proc/self/oom_score_adj']),
    );
    expect(value).toBeGreaterThanOrEqual(-400);
  });

  test('a health check turns healthy, then unhealthy', async () => {
    const name = await start(
      '--health-cmd',
      'test -e /ok',
      '--health-interval',
      '300ms',
      '--health-retries',
      '1',
    );
    const becomes = (health: string): Promise<void> =>
      eventually(async () => {
        expect(await state(name, '.State.Health.Status')).toBe(health);
      }, 10_000);
    await docker.ok(['exec', name, 'touch', '/ok']);
    await becomes('healthy');
    await docker.ok(['exec', name, 'rm', '/ok']);
    await becomes('unhealthy');
  });

  test('--restart on-failure tries again as often as it was told', async () => {
    const name = unique('flags');
    containers.push(name);
    await docker.ok(['run', '-d', '--name', name, '--restart', 'on-failure:2', probe, 'false']);
    await eventually(async () => {
      expect(await state(name, '.RestartCount}} {{.State.Status')).toBe('2 exited');
    }, 10_000);
  });
});

describe('a running container', () => {
  test('is paused, unpaused, measured and given other limits', async () => {
    const name = await start('--memory', '64m');
    await docker.ok(['pause', name]);
    expect(await state(name, '.State.Status')).toBe('paused');
    await docker.ok(['unpause', name]);
    await docker.ok(['update', '--memory', '48m', '--memory-swap', '48m', '--cpus', '0.5', name]);
    expect(await docker.ok(['stats', '--no-stream', '--format', '{{.MemUsage}}', name])).toContain('48MiB');
    expect(await docker.ok(['top', name])).toContain('sleep 600');
  });

  test('checkpoints are refused: the client says that the engine has none', async () => {
    const name = await start();
    const { status, stderr } = await docker.run(['checkpoint', 'create', name, 'one']);
    expect(status).not.toBe(0);
    expect(stderr).toContain('experimental');
  });
});

test("ids above the container's own range are refused by name of the setting", async () => {
  const { status, stderr } = await docker.run(['run', '--rm', '-u', '100000', probe, 'id']);
  expect(status).not.toBe(0);
  expect(stderr).toContain('the container has the ids 0 to 65535');
  expect(stderr).toContain('bulkhead.idsPerContainer');
});
