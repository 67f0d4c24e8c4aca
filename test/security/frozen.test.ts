import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createDocker, probe } from '../support/docker.ts';
import { startOwnEngine } from '../support/own-engine.ts';

const freezer = '/sys/fs/cgroup/freezer';

/** Freezes a process in a cgroup of its own and goes on itself. */
const script = [
  `mkdir ${freezer}/own`,
  'sleep inf &',
  `echo $! > ${freezer}/own/cgroup.procs`,
  `echo FROZEN > ${freezer}/own/freezer.state`,
  `until grep -q FROZEN ${freezer}/own/freezer.state; do :; done`,
  'echo frozen',
  'exec sleep inf',
].join('\n');

/**
 * On cgroup v1 a frozen process takes no signal, not even SIGKILL, and a privileged container can freeze its own: it could then neither be removed, nor
 * would the engine ever end.
 */
test.skipIf(!existsSync(freezer))(
  'a container with a frozen process is removed, and the engine ends beside another (cgroup v1 alone)',
  { timeout: 90_000 },
  async () => {
    const engine = await startOwnEngine('frozen');
    let status: number | null;
    try {
      const docker = createDocker(engine.dockerHost);
      for (const name of ['removed', 'left']) {
        await docker.ok([
          'run',
          '-d',
          '--name',
          name,
          '--privileged',
          '--stop-signal=KILL',
          probe,
          'sh',
          '-c',
          script,
        ]);
        await expect.poll(async () => docker.ok(['logs', name]), { timeout: 20_000 }).toBe('frozen');
      }
      await docker.ok(['rm', '-f', 'removed']);
      expect(await docker.ok(['ps', '--format', '{{.Names}}'])).toBe('left');
    } finally {
      await engine[Symbol.asyncDispose]();
      status = await engine.exited;
    }
    /* Null is a starter that had to be killed, after which nobody could thaw what is left. */
    expect(status).toBe(0);
  },
);
