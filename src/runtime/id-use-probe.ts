import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { IdUseProbe } from './id-allocator.js';
import { startTimeOf } from './proc-stat.js';

/** Looks at runc's state directories and at /proc. */
export function systemIdUseProbe(procDirectory = '/proc'): IdUseProbe {
  return {
    hasState: (holder) => existsSync(join(holder.runtimeRoot, holder.containerId)),
    isCreating: (holder) => startTimeOf(holder.pid, procDirectory) === holder.pidStartTime,
    idsOfProcesses: () => idsOfProcesses(procDirectory),
  };
}

/**
 * The effective ids, which a directory of /proc bears as its owner (pid_getattr(), Linux 6.18): all ids of a process in a container lie in the same
 * range, because its user namespace knows no others. Threat: one container has thousands of processes in 65,536 groups each,
 * and reading what /proc says of those keeps the daemon busy for half a minute whenever any container ends.
 */
async function idsOfProcesses(procDirectory: string): Promise<number[]> {
  const ids = new Set<number>();
  const names = (await readdir(procDirectory)).filter((name) => /^\d+$/.test(name));
  // A few at a time: the daemon also carries the engine's traffic.
  const batch = 64;
  for (let at = 0; at < names.length; at += batch) {
    const owners = await Promise.all(
      names.slice(at, at + batch).map((name) => stat(join(procDirectory, name)).catch(() => undefined)),
    );
    for (const owner of owners) if (owner !== undefined) for (const id of [owner.uid, owner.gid]) ids.add(id);
  }
  return [...ids].sort((one, other) => one - other);
}
