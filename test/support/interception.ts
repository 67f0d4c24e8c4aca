import { readdirSync, readlinkSync } from 'node:fs';
import { orNothing } from '../../src/common/cause.ts';
import { parseMountInfo } from '../../src/common/mountinfo.ts';
import type { Process } from './process-tree.ts';

/** The ids of those to whom the kernel hands other processes' system calls, which wait meanwhile (seccomp_unotify(2)). */
export function syscallListeners(processes: readonly Process[]): number[] {
  const pids = processes.map(({ pid }) => pid);
  return pids.filter((pid) =>
    (orNothing(() => readdirSync(`/proc/${pid}/fd`)) ?? []).some(
      (fd) => orNothing(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) === 'anon_inode:seccomp notify',
    ),
  );
}

/** Where a process sees file systems that a program answers for. @param mountinfo as in proc_pid_mountinfo(5). */
export function fuseMounts(mountinfo: string): string[] {
  return mountinfo
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      const mount = parseMountInfo(line);
      if (mount === undefined) throw new Error(`not understood: ${line}`);
      return /^fuse(blk)?(\.|$)/.test(mount.filesystem) ? [mount.mountPoint] : [];
    });
}
