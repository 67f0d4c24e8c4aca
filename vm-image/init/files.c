#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

ssize_t read_file(const char *path, char *buffer, size_t size)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    size_t used = 0;

    if (file < 0)
        return -1;
    while (used < size - 1) {
        ssize_t got = read(file, buffer + used, size - 1 - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            int error = errno;
            close(file);
            errno = error;
            return -1;
        }
        if (got == 0)
            break;
        used += (size_t)got;
    }
    close(file);
    buffer[used] = '\0';
    return (ssize_t)used;
}

ssize_t read_attribute(const char *path, char *buffer, size_t size)
{
    ssize_t length = read_file(path, buffer, size);

    if (length > 0 && buffer[length - 1] == '\n')
        buffer[--length] = '\0';
    return length;
}

static bool write_and_close(int file, const char *text)
{
    size_t length = strlen(text);
    ssize_t written = write(file, text, length);
    int error = written < 0 ? errno : EIO;

    close(file);
    errno = error;
    return written == (ssize_t)length;
}

bool write_attribute(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

    return file >= 0 && write_and_close(file, text);
}

bool create_file(const char *path, const char *text, mode_t mode)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

    if (file < 0)
        return errno == EEXIST;
    if (fchmod(file, mode) != 0) {
        close(file);
        return false;
    }
    return write_and_close(file, text);
}

bool make_directory(const char *path, mode_t mode)
{
    if (mkdir(path, mode) != 0 && errno != EEXIST)
        return false;
    return chmod(path, mode) == 0;
}
