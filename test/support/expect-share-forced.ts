import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Docker, probe } from './docker.ts';
import type { Instance } from './instance.ts';
import { heldBelow } from './share-server.ts';

/** What `bulkhead share remove --force` does while a container works in the directory. @param outer is not shared. */
export async function expectShareForced(instance: Instance, docker: Docker, outer: string): Promise<void> {
  const held = join(outer, 'held');
  mkdirSync(held);
  const shared = async (): Promise<boolean> =>
    (await instance.status()).shares?.some(({ path }) => path === held) ?? false;
  const flags = ['-v', `${held}:/w`];
  expect(await instance.share('add', held)).toMatchObject({ status: 0 });
  // Its working directory, and a file it has open, so that nothing can be unmounted in order.
  const script = 'cd /w && exec 3> open && echo works > first && sleep 600';
  const id = await docker.ok(['run', '-d', ...flags, probe, 'sh', '-c', script]);
  try {
    await expect.poll(() => readdirSync(held).sort(), { timeout: 20_000 }).toEqual(['first', 'open']);
    const refused = await instance.share('remove', held);
    expect([refused.status, refused.stderr]).toEqual([75, expect.stringContaining('share remove --force')]);
    expect([await shared(), heldBelow(held) > 0]).toEqual([true, true]);

    expect(await instance.share('remove', '--force', held)).toMatchObject({
      status: 0,
      stderr: 'It is not shared any more.',
    });
    expect([await shared(), heldBelow(held)]).toEqual([false, 0]);
    writeFileSync(join(held, 'later'), 'of the host alone');
    const reads = ['cat /w/later; echo written > /w/more; cat /w/more', 'cat later'];
    for (const command of reads) {
      const { stdout } = await docker.run(['exec', id, 'timeout', '20', 'sh', '-c', command]);
      expect(stdout).toBe('');
    }
    expect(readdirSync(held).sort()).toEqual(['first', 'later', 'open']);

    // The VM goes on: nobody is given that directory, and the same place takes it anew beside the container that lost it.
    const { stderr } = await docker.run(['run', '--rm', ...flags, probe, 'true']);
    expect(stderr).toContain(`The path ${held} is not shared from the host`);
    expect(await instance.share('add', held)).toMatchObject({ status: 0 });
    expect(await docker.ok(['run', '--rm', ...flags, probe, 'cat', '/w/later'])).toBe('of the host alone');
    expect((await docker.run(['exec', id, 'cat', '/w/later'])).stdout).toBe('');
  } finally {
    await docker.run(['rm', '-f', id]);
  }
  expect(await instance.share('remove', held)).toMatchObject({ status: 0 });
  expect(await shared()).toBe(false);
}

/** The same of a VM that does not answer at all, and keeps the device of a directory whose server has ended. @param outer is not shared. */
export async function expectSilentShareForced(
  instance: Instance,
  docker: Docker,
  outer: string,
): Promise<void> {
  const silent = join(outer, 'silent');
  mkdirSync(silent);
  const flags = ['-v', `${silent}:/w`];
  expect(await instance.share('add', silent)).toMatchObject({ status: 0 });
  const id = await docker.ok(['run', '-d', ...flags, probe, 'sleep', '600']);
  const { vmPid } = await instance.status();
  if (vmPid === undefined || vmPid === null) throw new Error('the VM has no process');
  try {
    process.kill(vmPid, 'SIGSTOP');
    try {
      expect(await instance.share('remove', '--force', silent)).toMatchObject({ status: 0 });
      expect(heldBelow(silent)).toBe(0);
    } finally {
      process.kill(vmPid, 'SIGCONT');
    }
    expect((await instance.status()).shares?.map(({ path }) => path)).not.toContain(silent);
    const written = await docker.run(['exec', id, 'timeout', '20', 'sh', '-c', 'echo x > /w/x']);
    expect([written.status === 0, readdirSync(silent)]).toEqual([false, []]);
    expect(await docker.ok(['run', '--rm', probe, 'echo', 'goes on'])).toBe('goes on');
  } finally {
    await docker.run(['rm', '-f', id]);
  }
}
