#ifndef BULKHEAD_FUSE_ABORT_H
#define BULKHEAD_FUSE_ABORT_H

/**
 * Ends every FUSE connection that is mounted where one of the processes in /proc is, so that whoever waits for an answer gets an error instead.
 *
 * For processes that outlived SIGKILL: some wait for the kernel's questions to be answered by a server that is dead already, and keep
 * the connection open themselves (Documentation/filesystems/fuse.rst, "Interrupting filesystem operations").
 */
void abort_fuse_connections(void);

#endif
