import { readdirSync, readFileSync } from 'node:fs';
import { orNothing } from '../../src/common/cause.ts';
import { splitProcessStat } from '../../src/common/process-stat.ts';

export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** As it names itself (proc_pid_comm(5)). */
  readonly name: string;
}

/** A process and all that descend from it. */
export function processTree(root: number): Process[] {
  const children = new Map<number, Process[]>();
  const tree: Process[] = [];
  for (const name of readdirSync('/proc')) {
    const found = /^\d+$/.test(name) ? orNothing(() => readProcess(Number(name))) : undefined;
    if (found === undefined) continue;
    children.set(found.parent, [...(children.get(found.parent) ?? []), found]);
    if (found.pid === root) tree.push(found);
  }
  for (const { pid } of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

function readProcess(pid: number): Process {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
  return { pid, parent: Number(splitProcessStat(stat).parent), name };
}

/** The command line; empty of a process that has ended. */
export function wordsOf({ pid }: Process): string[] {
  return orNothing(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)) ?? [];
}
