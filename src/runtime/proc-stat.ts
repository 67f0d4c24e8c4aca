import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from './planner.js';

/**
 * Reads /proc/pid/stat (proc_pid_stat(5)): fields 1 and 22. The second field is the program's name, in parentheses, and may
 * hold blanks and parentheses itself.
 *
 * @returns undefined when it is not as the kernel writes it.
 */
export function parseProcessStat(text: string): ProcessIdentity | undefined {
  const pid = /^(\d{1,9}) \(/.exec(text)?.[1];
  const startTime = text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
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
