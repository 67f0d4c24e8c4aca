import { fileURLToPath } from 'node:url';
import { hasLoaded } from './preloaded.js';

/** Built by `make -C src/vm/loopback-guard`; the same place whether this module runs from `src` or from `dist`. */
const library = fileURLToPath(
  new URL('../../../src/vm/loopback-guard/build/loopback-guard.so', import.meta.url),
);

/**
 * What has QEMU keep the loopback of the host from the guest (loopback-guard.c says why the guest's own firewall does not suffice).
 * Elsewhere than on Linux there is no such thing: the firewall of the guest is all there is.
 */
export const guardLibraries = (platform: NodeJS.Platform | undefined): readonly string[] =>
  platform === 'linux' ? [library] : [];

/** Why the guard is not in a process that was to have it, as a sentence's end; undefined where it is. */
export async function missingGuard(
  pid: number,
  platform: NodeJS.Platform | undefined,
): Promise<string | undefined> {
  if (platform !== 'linux' || (await hasLoaded(pid, library))) return undefined;
  return `it did not load ${library}, without which the guest would reach the loopback of this machine`;
}
