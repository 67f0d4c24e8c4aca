#include "grow_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ext4_size.h"
#include "log.h"

/* fs/ext4/ext4.h; no header of the kernel's interface has it */
#define EXT4_IOC_RESIZE_FS _IOW('f', 16, uint64_t)

static bool read_sizes(const char *path, struct ext4_size *size, uint64_t *device_bytes)
{
    unsigned char super[EXT4_SUPER_LENGTH];
    int device = open(path, O_RDONLY | O_CLOEXEC);

    if (device < 0)
        return false;
    bool got = pread(device, super, sizeof(super), EXT4_SUPER_OFFSET) == (ssize_t)sizeof(super) && ioctl(device, BLKGETSIZE64, device_bytes) == 0;
    close(device);
    if (got && !ext4_size_of(super, size)) {
        errno = EINVAL;
        return false;
    }
    return got;
}

bool grow_to_device(const char *path, const char *point)
{
    struct ext4_size size;
    uint64_t device_bytes;

    if (!read_sizes(path, &size, &device_bytes))
        return false;
    uint64_t wanted = ext4_blocks_on(&size, device_bytes);
    if (wanted == size.blocks)
        return true;
    int root = open(point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return false;
    bool grown = ioctl(root, EXT4_IOC_RESIZE_FS, &wanted) == 0;
    int error = errno;
    close(root);
    errno = error;
    if (grown)
        log_line("the data disk grew from %llu to %llu blocks", (unsigned long long)size.blocks, (unsigned long long)wanted);
    return grown;
}
