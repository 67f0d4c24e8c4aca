import { readFile } from 'node:fs/promises';

/** The environment that has a program load these libraries before its own (ld.so(8)). */
export const preloading = (libraries: readonly string[]): Readonly<Record<string, string>> =>
  libraries.length === 0 ? {} : { LD_PRELOAD: libraries.join(':') };

/**
 * Whether a process has a library. Threat: one that is not found, a name with a space or colon, or a program that is linked statically leaves a warning on standard
 * error and goes on without.
 */
export async function hasLoaded(pid: number, library: string): Promise<boolean> {
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8').catch(() => '');
  return maps.split('\n').some((line) => line.endsWith(` ${library}`));
}
