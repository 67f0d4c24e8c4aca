import { readFileSync } from 'node:fs';
import { mostOpenFiles } from '../../common/open-files.js';

/** Of QEMU's descriptors one network of containers has this part: eight that take all they may leave as much as they have. */
const part = 16;
/** Below it a build that downloads would be in need; above it nobody is, and QEMU asks for each of them in every round (`vm-image/init/net_params.h` has the same bounds). */
const [least, most] = [64, 4096] as const;

/**
 * Connections to the world that a network of containers may have at once, each of which is a descriptor of QEMU's.
 *
 * @param descriptors QEMU's; undefined where they are not known.
 */
export function flowShare(descriptors: number | undefined): number {
  return descriptors === undefined ? most : Math.min(most, Math.max(least, Math.floor(descriptors / part)));
}

/** What a child of this process has. Undefined on a host that does not say so. */
export function readDescriptors(): number | undefined {
  try {
    return mostOpenFiles(readFileSync('/proc/self/limits', 'utf8'));
  } catch {
    return undefined;
  }
}
