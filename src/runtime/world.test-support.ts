import type { IdUseProbe, LeaseStore } from './id-allocator.js';
import type { Holder } from './lease.js';

/** A machine in memory: lease files, runc's state directories, creating processes and the ids processes run with. */
export class World {
  readonly files = new Map<string, string>();
  readonly states = new Set<string>();
  readonly creators = new Set<number>();
  /** Ids processes run with, one list a process. */
  readonly processes = new Map<string, readonly number[]>();
  writeFails = false;
  #lastPid = 100;

  readonly store: LeaseStore = {
    readAll: () => [...this.files],
    write: (name, text) => {
      if (this.writeFails) throw new Error('no space left on device');
      this.files.set(name, text);
    },
    remove: (name) => this.files.delete(name),
  };

  readonly probe: IdUseProbe = {
    hasState: (holder) => this.states.has(World.key(holder)),
    isCreating: (holder) => this.creators.has(holder.pid),
    idsOfProcesses: () =>
      Promise.resolve([...new Set([...this.processes.values()].flat())].sort((one, other) => one - other)),
  };

  static key(holder: Pick<Holder, 'runtimeRoot' | 'containerId'>): string {
    return `${holder.runtimeRoot}/${holder.containerId}`;
  }

  /** A front door that has just started. */
  creator(containerId: string): Holder {
    const pid = ++this.#lastPid;
    this.creators.add(pid);
    return { runtimeRoot: '/run/r', containerId, pid, pidStartTime: String(pid * 10) };
  }

  /** runc has made the container: its state and its first process exist, the creator is done. */
  started(holder: Holder, base: number): void {
    this.states.add(World.key(holder));
    this.processes.set(World.key(holder), [base, base + 1000]);
    this.creators.delete(holder.pid);
  }

  /** runc delete. */
  deleted(holder: Holder): void {
    this.states.delete(World.key(holder));
    this.processes.delete(World.key(holder));
  }
}
