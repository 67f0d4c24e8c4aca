import { chownSync, mkdirSync } from 'node:fs';
import { unifiedHierarchy } from '../../isolation/request.js';
import type { Plan } from '../../isolation/plan.js';

/** Where PID 1 and native mode mount the hierarchies. */
export const cgroupRoot = '/sys/fs/cgroup';

/** Of a cgroup, what its root needs to move its own processes about in it (cgroups(7), "Delegation"); never a limit. */
const membersOf = (hierarchy: string): readonly string[] =>
  hierarchy === unifiedHierarchy
    ? ['cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control']
    : ['cgroup.procs', 'tasks'];

/**
 * Makes the container's own cgroup in each hierarchy of `plan.delegated`, where runc then finds and later removes it, and gives the
 * container's root the directory and the lists of members. The other files, its limits, stay the VM's. Made with our own
 * ids, because the kernel gives all files of a new cgroup to its maker (kernel/cgroup/cgroup.c, cgroup_kn_set_ugid). runc itself
 * delegates with its systemd driver alone.
 *
 * Nothing in these paths is a container's to change: cgroup file systems have no symlinks, and `/docker` is ours. Throws what the
 * file system says.
 */
export function delegateCgroups({ delegated, ids, spec }: Plan, root = cgroupRoot): void {
  for (const hierarchy of delegated) {
    const cgroup = `${root}/${hierarchy}${spec.linux.cgroupsPath ?? ''}`;
    mkdirSync(cgroup, { recursive: true, mode: 0o755 });
    const given = [cgroup, ...membersOf(hierarchy).map((file) => `${cgroup}/${file}`)];
    for (const path of given) chownSync(path, ids.base, ids.base);
  }
}
