#ifndef BULKHEAD_FILES_H
#define BULKHEAD_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/** Reads at most `size` - 1 bytes and terminates them; the length, or -1 with errno. */
ssize_t read_file(const char *path, char *buffer, size_t size);

/** Like read_file, without the newline at the end. */
ssize_t read_attribute(const char *path, char *buffer, size_t size);

/** Writes `text` to an existing file (sysfs, procfs, cgroupfs) in one write; false with errno. */
bool write_attribute(const char *path, const char *text);

/** Makes a file with `text` unless it exists; false with errno. The mode is not touched by the umask. */
bool create_file(const char *path, const char *text, mode_t mode);

/** Makes a directory, or accepts one that exists, and gives it exactly `mode`; false with errno. */
bool make_directory(const char *path, mode_t mode);

#endif
