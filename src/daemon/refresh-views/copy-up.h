#ifndef BULKHEAD_COPY_UP_H
#define BULKHEAD_COPY_UP_H

/*
 * Before the engine reads or writes files of a running container through its own overlay: has the container's copy up the directories
 * that the engine will, so that both know of them. Those are where files are mounted and, unless `path` is empty, that
 * directory, those above it, and those below it that one of the container's processes uses. `process` is one of them.
 * What cannot be done is left undone: the engine's answer does not depend on it.
 */
void copy_up_for_engine(const char *process, const char *path);

#endif
