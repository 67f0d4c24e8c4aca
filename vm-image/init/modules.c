#include "modules.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/module.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PATH_LIMIT 512

static bool load_module(const char *path)
{
    size_t length = strlen(path);
    bool packed = length > 3 && strcmp(path + length - 3, ".xz") == 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);

    if (file < 0)
        return false;
    long result = syscall(SYS_finit_module, file, "", packed ? MODULE_INIT_COMPRESSED_FILE : 0);
    int error = errno;
    close(file);
    errno = error;
    return result == 0 || error == EEXIST;
}

bool load_modules(const char *list, char *failed, size_t size)
{
    char line[PATH_LIMIT];
    char path[2 * PATH_LIMIT];
    const char *name = strrchr(list, '/');
    int directory = name == NULL ? 0 : (int)(name - list);
    FILE *lines = fopen(list, "re");
    bool loaded = true;

    if (lines == NULL) {
        snprintf(failed, size, "%s: %s", list, strerror(errno));
        return false;
    }
    while (loaded && fgets(line, sizeof(line), lines) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '\0' || line[0] == '#')
            continue;
        if (line[0] == '/')
            snprintf(path, sizeof(path), "%s", line);
        else
            snprintf(path, sizeof(path), "%.*s/%s", directory, list, line);
        loaded = load_module(path);
        if (!loaded)
            snprintf(failed, size, "%s: %s", path, strerror(errno));
    }
    fclose(lines);
    return loaded;
}
