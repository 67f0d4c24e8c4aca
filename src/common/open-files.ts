/**
 * Descriptors a process and its children may have at most. Node raises its own limit as far as it may go when it starts, so this is also what they have.
 *
 * @param limits the kernel's /proc/PID/limits. Undefined where it does not say so.
 */
export function mostOpenFiles(limits: string): number | undefined {
  const most = /^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1];
  return most === undefined ? undefined : Number(most);
}
