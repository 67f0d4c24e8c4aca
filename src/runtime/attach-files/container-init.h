#pragma once

/*
 * The container's first process, as a pidfd (pidfd_open(2)). runc hands hooks the pid as JSON on stdin; asking the kernel instead
 * needs no parser and can't be answered by anything a container or its specification contains: it is the one other child of runc.
 */
int open_container_init(void);
