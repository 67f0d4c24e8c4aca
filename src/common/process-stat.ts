/** Fields of /proc/pid/stat as the kernel writes them; undefined where the line ends before. */
export interface ProcessStat {
  /** Field 1. */
  readonly pid: string | undefined;
  /** Field 3, one letter. */
  readonly state: string | undefined;
  /** Field 4, the parent's pid. */
  readonly parent: string | undefined;
  /** Field 22, clock ticks since boot. */
  readonly startTime: string | undefined;
  /** Field 31, a decimal bitmap: the signals that wait for this thread, SIGHUP the lowest bit. */
  readonly pendingSignals: string | undefined;
}

/**
 * Splits one /proc/pid/stat (proc_pid_stat(5)). Field 2 is the program's name in parentheses, which the process itself chooses and which may
 * hold blanks and parentheses: the rest is counted from the last parenthesis.
 */
export function splitProcessStat(text: string): ProcessStat {
  const pid = /^(\d{1,9}) \(/.exec(text)?.[1];
  const end = text.lastIndexOf(')');
  const fields = end < 0 ? [] : text.slice(end + 2).split(' ');
  return { pid, state: fields[0], parent: fields[1], startTime: fields[19], pendingSignals: fields[28] };
}
