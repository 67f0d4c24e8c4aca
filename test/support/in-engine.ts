import { execa } from 'execa';
import type { OwnEngine } from './own-engine.ts';

/** Runs a program of the engine's root, in its mounts and network, as PID 1 would; what it says. */
export async function inEngine(engine: OwnEngine, words: readonly string[], input = ''): Promise<string> {
  const enter = ['-t', String(engine.internals.init), '-m', '-n', '--'];
  return (await execa('/usr/bin/nsenter', [...enter, ...words], { input })).stdout;
}
