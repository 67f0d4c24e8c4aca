import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Built by `make -C src/vm/loopback-guard`; the same place whether this module runs from `src` or from `dist`. */
const library = fileURLToPath(
  new URL('../../../src/vm/loopback-guard/build/loopback-guard.so', import.meta.url),
);

/**
 * The environment that has QEMU keep the loopback of the host from the guest (loopback-guard.c says why the guest's own firewall does not suffice).
 * Elsewhere than on Linux there is no such thing: the firewall of the guest is all there is.
 */
export function guardedEnvironment(platform: NodeJS.Platform): Readonly<Record<string, string>> {
  return platform === 'linux' ? { LD_PRELOAD: library } : {};
}

/**
 * Why the guard is not in a process that was to have it, as a sentence's end; undefined where it is. Threat: a library that is not found, a name with a space or colon, or a
 * QEMU that is linked statically leaves a warning on standard error and goes on without.
 */
export async function missingGuard(pid: number, platform: NodeJS.Platform): Promise<string | undefined> {
  if (platform !== 'linux') return undefined;
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8').catch(() => '');
  if (maps.split('\n').some((line) => line.endsWith(` ${library}`))) return undefined;
  return `it did not load ${library}, without which the guest would reach the loopback of this machine`;
}
