import { execa } from 'execa';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Userland } from '../../../dist/image/userland.js';
import { addRuntime } from '../runtimes.ts';
import type { BenchEngine } from '../with-engine.ts';

export const runsc = 'runsc';

/** Makes gVisor a runtime of the engine; its program is static and is put into the engine's `/run`. */
export async function addRunsc({ docker, internals }: BenchEngine, { root }: Userland): Promise<void> {
  await execa('make', ['--silent', '-C', import.meta.dirname]);
  const directory = internals.path('/run/bench');
  await mkdir(directory, { recursive: true });
  await cp(join(root, 'usr/bin/runsc'), join(directory, 'runsc'));
  await cp(join(import.meta.dirname, 'build/runsc-arguments'), join(directory, 'runsc-arguments'));
  await addRuntime(internals, docker, runsc, { path: '/run/bench/runsc-arguments' });
}
