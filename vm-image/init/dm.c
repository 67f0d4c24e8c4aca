#include "dm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define CONTROL "/dev/mapper/control"
#define NAME "bulkhead-root"
#define SECTOR 512

/* One ioctl argument: the header, then room for a table or a status text. */
struct message {
    struct dm_ioctl header;
    char payload[sizeof(struct dm_target_spec) + DM_TABLE_TEXT_LIMIT];
};

static void prepare(struct message *message)
{
    memset(message, 0, sizeof(*message));
    message->header.version[0] = DM_VERSION_MAJOR;
    message->header.data_size = sizeof(*message);
    message->header.data_start = offsetof(struct message, payload);
}

static int open_control(void)
{
    return open(CONTROL, O_RDWR | O_CLOEXEC);
}

/* `veritysetup format` puts a superblock into the first hash block; an area made without one starts at block 0. */
static bool has_superblock(const char *hash, bool *superblock)
{
    static const char MAGIC[8] = "verity\0";
    char start[sizeof(MAGIC)];
    int file = open(hash, O_RDONLY | O_CLOEXEC);

    if (file < 0)
        return false;
    ssize_t got = read(file, start, sizeof(start));
    close(file);
    *superblock = memcmp(start, MAGIC, sizeof(MAGIC)) == 0;
    return got == (ssize_t)sizeof(start);
}

static bool load_table(int control, struct message *message, const struct verity_params *params, const char *data, const char *hash, bool superblock)
{
    struct dm_target_spec target = {.length = params->data_blocks * (params->data_block_size / SECTOR)};
    char *text = message->payload + sizeof(target);

    snprintf(target.target_type, sizeof(target.target_type), "verity");
    int length = snprintf(text, DM_TABLE_TEXT_LIMIT, "1 %s %s %u %u %llu %d %s %s %s 1 panic_on_corruption", data, hash, params->data_block_size,
                          params->hash_block_size, (unsigned long long)params->data_blocks, superblock ? 1 : 0, params->algorithm,
                          params->root_hash, params->salt);
    if (length < 0 || length >= DM_TABLE_TEXT_LIMIT)
        return false;
    memcpy(message->payload, &target, sizeof(target));
    message->header.target_count = 1;
    message->header.flags = DM_READONLY_FLAG;
    return ioctl(control, DM_TABLE_LOAD, message) == 0;
}

bool create_verity(const struct verity_params *params, const char *data, const char *hash, char *path, char *failed)
{
    struct message message;
    const char *step = NULL;
    bool superblock = false;
    int control = open_control();

    if (control < 0)
        step = "open " CONTROL;
    if (step == NULL && !has_superblock(hash, &superblock))
        step = "read the hash disk";
    prepare(&message);
    snprintf(message.header.name, sizeof(message.header.name), "%s", NAME);
    if (step == NULL && ioctl(control, DM_DEV_CREATE, &message) != 0)
        step = "create the device";
    unsigned int number = minor((dev_t)message.header.dev);
    prepare(&message);
    snprintf(message.header.name, sizeof(message.header.name), "%s", NAME);
    if (step == NULL && !load_table(control, &message, params, data, hash, superblock))
        step = "load the table";
    prepare(&message);
    snprintf(message.header.name, sizeof(message.header.name), "%s", NAME);
    /* DM_DEV_SUSPEND without DM_SUSPEND_FLAG resumes: the loaded table becomes the live one */
    if (step == NULL && ioctl(control, DM_DEV_SUSPEND, &message) != 0)
        step = "activate the table";
    if (step != NULL)
        snprintf(failed, 128, "%s: %s", step, strerror(errno));
    else
        snprintf(path, 32, "/dev/dm-%u", number);
    if (control >= 0)
        close(control);
    return step == NULL;
}

static bool read_status(int control, dev_t device, __u32 flags, char *type, char *text)
{
    struct message message;
    struct dm_target_spec target;

    prepare(&message);
    /* huge_encode_dev of the kernel is the encoding of makedev(3) for the numbers in use */
    message.header.dev = (__u64)device;
    message.header.flags = flags | DM_NOFLUSH_FLAG;
    if (ioctl(control, DM_TABLE_STATUS, &message) != 0)
        return false;
    if ((message.header.flags & DM_BUFFER_FULL_FLAG) != 0 || message.header.target_count != 1 || message.header.data_start > offsetof(struct message, payload)) {
        errno = EPROTO;
        return false;
    }
    memcpy(&target, (char *)&message + message.header.data_start, sizeof(target));
    snprintf(type, DM_MAX_TYPE_NAME, "%.*s", (int)sizeof(target.target_type) - 1, target.target_type);
    snprintf(text, DM_TABLE_TEXT_LIMIT, "%s", (char *)&message + message.header.data_start + sizeof(target));
    return true;
}

bool read_dm_target(dev_t device, char *type, char *parameters, char *status)
{
    int control = open_control();

    if (control < 0)
        return false;
    bool done = read_status(control, device, DM_STATUS_TABLE_FLAG, type, parameters) && read_status(control, device, 0, type, status);
    int error = errno;
    close(control);
    errno = error;
    return done;
}
