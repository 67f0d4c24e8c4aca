import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
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

async function idsOfProcesses(procDirectory: string): Promise<number[]> {
  const ids = new Set<number>();
  const names = (await readdir(procDirectory)).filter((name) => /^\d+$/.test(name));
  // A few at a time: the daemon also carries the engine's traffic, and one long synchronous walk would stall it.
  const batch = 16;
  for (let at = 0; at < names.length; at += batch) {
    const texts = await Promise.all(
      names
        .slice(at, at + batch)
        .map((name) => readFile(join(procDirectory, name, 'status'), 'latin1').catch(() => '')),
    );
    for (const text of texts) for (const id of idsOfStatus(text)) ids.add(id);
  }
  return [...ids].sort((one, other) => one - other);
}

/** Real, effective, saved and file system ids, and supplementary groups (proc_pid_status(5)). */
export function idsOfStatus(status: string): number[] {
  return [...status.matchAll(/^(?:Uid|Gid|Groups):\s*(.*)$/gm)].flatMap(([, list]) =>
    (list ?? '').split(/\s+/).flatMap((word) => (/^\d+$/.test(word) ? [Number(word)] : [])),
  );
}
