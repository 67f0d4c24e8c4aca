/** The programs of the root file system that run containers, by the paths /proc/pid/exe shows. */
export const runcProgram = '/usr/lib/bulkhead/runc';
export const frontDoorProgram = '/usr/sbin/runc';
export const shimProgram = '/usr/bin/containerd-shim-runc-v2';
