#include "document_disks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "devices.h"

#define DETAIL_LIMIT 160

static const struct document {
    const char *key;    /* on the kernel command line: how many bytes of the disk are the document, the rest pads its last block */
    const char *serial; /* of its disk */
    enum kept_index index;
} DOCUMENTS[] = {
    {"bulkhead.policy", "bulkhead-policy", KEPT_POLICY},
    {"bulkhead.settings", "bulkhead-settings", KEPT_SETTINGS},
    {"bulkhead.registry", "bulkhead-registry", KEPT_REGISTRY},
    {"bulkhead.publishers", "bulkhead-publishers", KEPT_PUBLISHERS},
    {"bulkhead.shares", "bulkhead-shares", KEPT_SHARES},
    /* PID 1's own, to write for the engine */
    {"bulkhead.authority", "bulkhead-authority", KEPT_COUNT},
};

/* All or nothing: a document that is cut short says something else. */
static bool copy(int from, int to, size_t size)
{
    char bytes[4096];

    while (size > 0) {
        ssize_t got = read(from, bytes, size < sizeof(bytes) ? size : sizeof(bytes));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || write(to, bytes, (size_t)got) != got) {
            errno = got == 0 ? ENODATA : errno;
            return false;
        }
        size -= (size_t)got;
    }
    return true;
}

/* A sealed file in memory with the first `size` bytes of the disk, or -1 with errno. */
static int read_into_memory(const char *path, const char *name, size_t size)
{
    int disk = open(path, O_RDONLY | O_CLOEXEC);
    int memory = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (disk >= 0 && memory >= 0 && copy(disk, memory, size) &&
        fcntl(memory, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0) {
        close(disk);
        return memory;
    }
    int error = errno;
    if (disk >= 0)
        close(disk);
    if (memory >= 0)
        close(memory);
    errno = error;
    return -1;
}

bool keep_documents(const char *cmdline, int64_t deadline, int kept[KEPT_COUNT], int *authority, char *detail)
{
    int events = open_device_events();

    for (size_t i = 0; i < sizeof(DOCUMENTS) / sizeof(DOCUMENTS[0]); i++) {
        const struct document *document = &DOCUMENTS[i];
        char path[DEVICE_PATH_LIMIT];
        size_t size;
        if (!document_size(cmdline, document->key, &size)) {
            snprintf(detail, DETAIL_LIMIT, "malformed %s on the kernel command line", document->key);
            return false;
        }
        if (size == 0)
            continue;
        if (!await_device(events, find_disk, document->serial, deadline, path)) {
            snprintf(detail, DETAIL_LIMIT, "no virtio disk with serial %s", document->serial);
            return false;
        }
        int *const to = document->index == KEPT_COUNT ? authority : &kept[document->index];
        *to = read_into_memory(path, document->serial, size);
        if (*to < 0) {
            snprintf(detail, DETAIL_LIMIT, "%s cannot be read: %s", document->serial, strerror(errno));
            return false;
        }
    }
    close(events);
    return true;
}
