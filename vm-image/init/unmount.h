#ifndef BULKHEAD_UNMOUNT_H
#define BULKHEAD_UNMOUNT_H

/**
 * Unmounts the data disk and everything on it or stacked over it. Call it when no other process is left: a busy mount can then only be
 * the kernel still putting away the namespaces of the dead, which is waited for briefly. As the last resort the disk is made read-only.
 */
void unmount_data(void);

#endif
