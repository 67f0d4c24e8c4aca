import { chownSync, mkdirSync } from 'node:fs';
import type { Plan } from '../isolation/plan.js';

/** Where PID 1 and native mode mount the hierarchies. */
export const cgroupRoot = '/sys/fs/cgroup';

/**
 * cgroup v1: makes the container's own cgroup in each hierarchy of `plan.delegated`, where runc then finds and later removes it, and
 * gives the container's root the directory and the lists of members. The other files, its limits, stay the VM's. Made with our own
 * ids, because the kernel gives all files of a new cgroup to its maker (kernel/cgroup/cgroup.c, cgroup_kn_set_ugid).
 *
 * Nothing in these paths is a container's to change: cgroup file systems have no symlinks, and `/docker` is ours. Throws what the
 * file system says.
 */
export function delegateCgroups({ delegated, ids, spec }: Plan, root = cgroupRoot): void {
  for (const hierarchy of delegated) {
    const cgroup = `${root}/${hierarchy}${spec.linux.cgroupsPath ?? ''}`;
    mkdirSync(cgroup, { recursive: true, mode: 0o755 });
    for (const path of [cgroup, `${cgroup}/cgroup.procs`, `${cgroup}/tasks`])
      chownSync(path, ids.base, ids.base);
  }
}
