import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { builtImageDir } from './built-image.ts';
import { createDocker, type Docker, probe } from './docker.ts';
import { type Instance, instanceAt, type InstanceId } from './instance.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly instance: InstanceId;
    /** /proc/self/uid_map of the first two containers the VM ever ran, which both were running then. */
    readonly firstMaps: readonly string[];
  }
}

/**
 * One booted VM for the files of the `vm` project, its data disk new. Prints what the boot took, so that a slow one is seen in
 * the log. The first containers are started here, because only here it is certain that none was before.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const id = { name: 'test', dir: await mkdtemp(join(tmpdir(), 'bh-vm-')), image: await builtImageDir() };
  const instance = instanceAt(id);
  await mkdir(join(id.dir, 'run'), { mode: 0o700 });
  const tearDown = async (): Promise<void> => {
    const { status, stderr } = await instance.run('down');
    const left = await instance.processes();
    for (const pid of left) process.kill(pid, 'SIGKILL');
    await rm(id.dir, { recursive: true, force: true });
    if (status !== 0) throw new Error(`bulkhead down: status ${status}\n${stderr}`);
    if (left.length > 0) throw new Error(`left running after bulkhead down: ${left.join(', ')}`);
  };
  try {
    await instance.up();
    await printBoot(instance);
    project.provide('instance', id);
    project.provide('firstMaps', await firstMaps(createDocker(instance.dockerHost)));
  } catch (error) {
    process.stderr.write((await instance.run('logs', '--service', 'console')).stdout);
    await tearDown();
    throw error;
  }
  return tearDown;
}

async function printBoot(instance: Instance): Promise<void> {
  const { phases = [] } = await instance.status();
  const steps = phases.map(({ phase, atMs }) => `${phase} ${(atMs / 1000).toFixed(1)} s`);
  process.stdout.write(`VM booted: ${steps.join(', ')}\n`);
}

async function firstMaps(docker: Docker): Promise<string[]> {
  const names = ['first', 'second'];
  const maps: string[] = [];
  for (const name of names) {
    await docker.ok(['run', '-d', '--name', name, probe, 'sleep', '600']);
    maps.push(await docker.ok(['exec', name, 'cat', '/proc/self/uid_map']));
  }
  await docker.ok(['rm', '-f', ...names]);
  return maps;
}
