#ifndef BULKHEAD_MOUNTINFO_H
#define BULKHEAD_MOUNTINFO_H

#include <stdbool.h>

/** One line of /proc/self/mountinfo (proc_pid_mountinfo(5)). The pointers point into the line, which is changed. */
struct mount_entry {
    unsigned int major;
    unsigned int minor;
    char *point; /* unescaped */
    char *options;
    char *type;
    char *source;
    char *super_options;
};

/** Takes one line apart in place; false when it is malformed. A trailing newline is allowed. */
bool parse_mount_line(char *line, struct mount_entry *entry);

/** True when `option` is one of the comma-separated `options`. */
bool has_option(const char *options, const char *option);

/** True when `path` is `directory` or lies below it. */
bool is_below(const char *path, const char *directory);

#endif
