import { mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { probe } from '../support/docker.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';

const freezer = '/sys/fs/cgroup/freezer';
const hostile = ['pipes', 'stopper', ...(existsSync(freezer) ? ['freezer'] : [])];
const freezeAll = `
  mkdir -p ${freezer}/own
  if [ -e /armed ]; then
    echo FROZEN > ${freezer}/own/freezer.state
    while :; do
      for p in /proc/[0-9]*; do [ \${p#/proc/} -gt 1 ] && echo \${p#/proc/} > ${freezer}/own/cgroup.procs; done
    done 2> /dev/null
  fi
  touch /armed; echo made; exec sleep 1000`;

/**
 * dockerd answers nobody before every container with a restart policy has started or failed, at each boot: a start that does neither
 * takes the engine away for good. Both containers do nothing odd when they are first run.
 */
test('no container keeps the engine from starting again', { timeout: 120_000 }, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-boot-'));
  const start = async (): Promise<OwnEngine> =>
    startOwnEngine('boot', { dir, signal: AbortSignal.timeout(50_000) });
  try {
    {
      await using engine = await start();
      const { docker } = engine;
      const run = async (name: string, flags: readonly string[], script: string): Promise<string> =>
        docker.ok(
          ['run', '-d', '--name', name, '--restart=always', '--stop-signal=KILL', ...flags].concat(
            probe,
            'sh',
            '-c',
            script,
          ),
        );
      await run('pipes', [], 'rm -f /etc/passwd; mkfifo /etc/passwd; echo made; exec sleep 1000');
      // When it is started again, it stops every process that appears beside it.
      const stopAll =
        'while :; do for p in /proc/[0-9]*; do [ ${p#/proc/} -gt 1 ] && kill -STOP ${p#/proc/}; done; done';
      await run(
        'stopper',
        [],
        `if [ -e /armed ]; then ${stopAll}; fi; touch /armed; echo made; exec sleep 1000`,
      );
      await run('joined', ['--pid=container:stopper'], 'exec sleep 1000');
      if (existsSync(freezer)) {
        // The same with the freezer of cgroup v1, from which no signal frees.
        await run('freezer', ['--privileged'], freezeAll);
        await run('frozen', ['--pid=container:freezer'], 'exec sleep 1000');
      }
      for (const name of hostile)
        await expect.poll(async () => docker.ok(['logs', name]), { timeout: 20_000 }).toBe('made');
    }
    await using engine = await start();
    const { docker } = engine;
    // The joined one is stopped before it is a container, or just after.
    for (const name of hostile)
      expect(await docker.ok(['inspect', '-f', '{{.State.Running}}', name])).toBe('true');
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
