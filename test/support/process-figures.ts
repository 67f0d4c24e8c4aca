import { readFile, writeFile } from 'node:fs/promises';

/** Makes the peak of a process start over from what it uses now; proc_pid_clear_refs(5), value 5. */
export async function resetPeakMemory(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5');
}

/** The most memory a process had resident at once, in MiB; VmHWM of proc_pid_status(5). */
export async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(field(status, /^VmHWM:\s+(\d+) kB$/m)) / 1024;
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
