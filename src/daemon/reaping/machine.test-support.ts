import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildRuntimeRoot, dockerRuntimeRoot } from './abandoned.js';
import type { TraceSources } from './container-traces.js';

/** Docker's id of a container whose short name is one hexadecimal digit. */
export function idOf(digit: string): string {
  return digit.repeat(64);
}

interface FakeProcess {
  readonly exe: string;
  readonly words?: readonly string[];
  /** Clock ticks since boot. */
  readonly startTime?: string;
  /** Another one than bulkheadd's, as a container's processes have. */
  readonly foreign?: boolean;
}

/** A directory that stands for the machine: its `/proc`, cgroups and engine directories are plain files. */
export class FakeMachine {
  readonly root = mkdtempSync(join(tmpdir(), 'bulkhead-machine-'));
  readonly #leases: ReturnType<TraceSources['leases']>[number][] = [];
  readonly sources: TraceSources = {
    leases: () => this.#leases,
    hierarchies: ['memory', 'cpu'],
    parents: ['/docker'],
    machine: this.root,
  };

  constructor() {
    this.#link('/proc/self/ns/user', 'user:[1]');
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }

  at(path: string): string {
    return join(this.root, path);
  }

  exists(path: string): boolean {
    return existsSync(this.at(path));
  }

  directory(path: string): void {
    mkdirSync(this.at(path), { recursive: true });
  }

  file(path: string, text = ''): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), text);
  }

  process(pid: number, { exe, words = [exe], startTime = '500', foreign = false }: FakeProcess): void {
    const directory = `/proc/${pid}`;
    this.#link(`${directory}/exe`, exe);
    this.#link(`${directory}/ns/user`, foreign ? 'user:[2]' : 'user:[1]');
    this.file(`${directory}/cmdline`, words.join('\0'));
    this.file(`${directory}/stat`, `${pid} (a name) ${'0 '.repeat(19)}${startTime} 0`);
  }

  shim(pid: number, containerId: string, ...more: string[]): void {
    const exe = '/usr/bin/containerd-shim-runc-v2';
    this.process(pid, { exe, words: [exe, '-namespace', 'moby', '-id', containerId, ...more] });
  }

  end(pid: number): void {
    rmSync(this.at(`/proc/${pid}`), { recursive: true, force: true });
  }

  /** Ids in use by a container of Docker's, or by a build step. */
  lease(containerId: string, pid: number, of: 'docker' | 'build' = 'docker', pidStartTime = '500'): void {
    const runtimeRoot = of === 'docker' ? dockerRuntimeRoot : buildRuntimeRoot;
    this.#leases.push({
      base: 100_000,
      size: 65_536,
      holders: [{ runtimeRoot, containerId, pid, pidStartTime }],
    });
  }

  #link(path: string, target: string): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    symlinkSync(target, this.at(path));
  }
}
