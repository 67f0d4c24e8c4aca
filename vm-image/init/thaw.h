#ifndef BULKHEAD_THAW_H
#define BULKHEAD_THAW_H

/**
 * Frees every process from the freezers of cgroup v1, where there are any. Threat: a frozen process takes no signal, SIGKILL included
 * (Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst), and a container to which its cgroup is delegated freezes what it likes: the
 * pid namespace of a native engine would never end. Call it when all have been killed, so that nobody is left to freeze them again.
 */
void thaw_processes(void);

#endif
