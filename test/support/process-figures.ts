import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { orNothing } from '../../src/common/cause.ts';

/** Makes the peak of a process start over from what it uses now; proc_pid_clear_refs(5), value 5. */
export async function resetPeakMemory(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5');
}

/** The most memory a process had resident at once, in MiB; VmHWM of proc_pid_status(5). */
export async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(field(status, /^VmHWM:\s+(\d+) kB$/m)) / 1024;
}

/** What a process has resident now, in MiB; VmRSS of proc_pid_status(5). */
export async function residentMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(field(status, /^VmRSS:\s+(\d+) kB$/m)) / 1024;
}

/** Processor time of a process so far, its own and the kernel's for it; utime and stime of proc_pid_stat(5), which count hundredths of seconds. 0 of one that has ended. */
export function processorSeconds(pid: number): number {
  const stat = orNothing(() => readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? '';
  const [utime = '0', stime = '0'] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(utime) + Number(stime)) / 100;
}

/** What a process has read so far from files, sockets and pipes, in MiB; rchar of proc_pid_io(5). */
export async function mebibytesRead(pid: number): Promise<number> {
  return Number(field(await readFile(`/proc/${pid}/io`, 'utf8'), /^rchar: (\d+)$/m)) / (1 << 20);
}

function field(text: string, pattern: RegExp): string {
  const value = pattern.exec(text)?.[1];
  if (value === undefined) throw new Error(`no ${pattern} in ${text}`);
  return value;
}
