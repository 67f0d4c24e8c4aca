import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { splitProcessStat } from '../common/process-stat.js';
import type { ProcessIdentity } from './planner.js';

/**
 * Reads of /proc/pid/stat which process it is of.
 *
 * @returns undefined when it is not as the kernel writes it.
 */
export function parseProcessStat(text: string): ProcessIdentity | undefined {
  const { pid, startTime } = splitProcessStat(text);
  if (pid === undefined || startTime === undefined || !/^\d{1,20}$/.test(startTime)) return undefined;
  return { pid: Number(pid), startTime };
}

/** @returns the start time of the process that has the pid now; undefined when there is none. */
export function startTimeOf(pid: number, procDirectory = '/proc'): string | undefined {
  try {
    return parseProcessStat(readFileSync(join(procDirectory, String(pid), 'stat'), 'latin1'))?.startTime;
  } catch {
    return undefined;
  }
}
