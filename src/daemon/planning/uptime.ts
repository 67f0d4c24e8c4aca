import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

const offsetsFile = '/proc/self/timens_offsets';

/**
 * Whole seconds this machine is up, as the initial time namespace counts them; undefined where the kernel has no time namespaces.
 * Offsets are always given against the initial namespace (time_namespaces(7)), which in native mode may not be ours.
 */
export function readUptimeSeconds(): number | undefined {
  let offsets: string;
  try {
    offsets = readFileSync(offsetsFile, 'utf8');
  } catch {
    return undefined;
  }
  return initialUptimeSeconds(uptime(), offsets);
}

/** @param offsets lines of `<clock> <seconds> <nanoseconds>`; rounded down, because the kernel refuses a clock below zero. */
export function initialUptimeSeconds(ownSeconds: number, offsets: string): number {
  const [, seconds = '0', nanoseconds = '0'] = /^boottime\s+(-?\d+)\s+(\d+)$/m.exec(offsets) ?? [];
  return Math.floor(ownSeconds - Number(seconds) - Number(nanoseconds) / 1e9);
}
