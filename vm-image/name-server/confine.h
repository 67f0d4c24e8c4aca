#ifndef BULKHEAD_CONFINE_H
#define BULKHEAD_CONFINE_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * Leaves this process nothing but the descriptors it has: another user without capabilities, a root that is an empty directory, and the system calls that
 * serve() makes; and ends it with its parent. Threat: whoever takes over a server that reads what containers send. False with errno.
 */
bool confine(const char *empty_directory, pid_t parent);

#endif
