/*
 * usage: guest-memory DESCRIPTOR BYTES PROGRAM [ARGUMENT...]
 *
 * Becomes the program, which has at DESCRIPTOR an open file of so many bytes that nobody else has and no directory names: the memory of a VM, in huge pages where the
 * kernel has them.
 *
 * The servers of shared directories read and write a VM's memory, so it has to be a file. What memfd_create(2) makes is in pages of 4 KiB unless an administrator has set
 * shmem_enabled, which distributions do not, and a file of huge pages proper (hugetlbfs) needs pages that were set apart. A file system in memory with `huge=always`
 * needs neither; whoever may not mount one, mounts it in a user namespace of a process that ends at once. The mount never has a place, so no process of the host finds
 * it, and is gone with the file's last descriptor.
 *
 * Where the kernel forbids all of that, the file is of memfd_create: slower, nothing else.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A file system counts whole pages, and the last one of a file may be huge as well. */
#define ROOM (2L << 20)
/* of QEMU's own are fewer; what is beyond any process's limit is a mistake of the caller's */
#define MOST_DESCRIPTOR 255

static int write_text(const char *path, const char *text)
{
    const int file = open(path, O_WRONLY | O_CLOEXEC);
    const ssize_t length = (ssize_t)strlen(text);
    const ssize_t written = file < 0 ? -1 : write(file, text, (size_t)length);

    if (file >= 0)
        close(file);
    return written == length ? 0 : -1;
}

/* Root of it is this user: who has no place in it can't own a file of a file system that was mounted there. */
static int enter_user_namespace(void)
{
    char users[32], groups[32];

    snprintf(users, sizeof(users), "0 %u 1", geteuid());
    snprintf(groups, sizeof(groups), "0 %u 1", getegid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 || write_text("/proc/self/setgroups", "deny") != 0)
        return -1;
    return write_text("/proc/self/uid_map", users) == 0 && write_text("/proc/self/gid_map", groups) == 0 ? 0 : -1;
}

static int mounted(int system, const char *size)
{
    if (fsconfig(system, FSCONFIG_SET_STRING, "size", size, 0) != 0 || fsconfig(system, FSCONFIG_SET_STRING, "huge", "always", 0) != 0 ||
        fsconfig(system, FSCONFIG_SET_STRING, "mode", "0700", 0) != 0 || fsconfig(system, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0)
        return -1;
    return fsmount(system, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

/* An open file of no bytes in a file system of its own, or -1. */
static int in_huge_pages(off_t bytes)
{
    char size[24];
    int system = fsopen("tmpfs", FSOPEN_CLOEXEC);

    snprintf(size, sizeof(size), "%lld", (long long)bytes + ROOM);
    if (system < 0 && enter_user_namespace() == 0)
        system = fsopen("tmpfs", FSOPEN_CLOEXEC);
    const int mount = system < 0 ? -1 : mounted(system, size);
    return mount < 0 ? -1 : openat(mount, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

union control {
    char space[CMSG_SPACE(sizeof(int))];
    struct cmsghdr header;
};

static struct msghdr message(struct iovec *body, union control *control)
{
    return (struct msghdr){.msg_iov = body, .msg_iovlen = 1, .msg_control = control->space, .msg_controllen = sizeof(control->space)};
}

static void hand_over(int socket, int file)
{
    char byte = 0;
    struct iovec body = {.iov_base = &byte, .iov_len = 1};
    union control control = {0};
    const struct msghdr sent = message(&body, &control);
    struct cmsghdr *const header = CMSG_FIRSTHDR(&sent);

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &file, sizeof(file));
    sendmsg(socket, &sent, MSG_NOSIGNAL);
}

/* @returns -1 where the other end closes with nothing. */
static int received(int socket)
{
    char byte;
    int file = -1;
    struct iovec body = {.iov_base = &byte, .iov_len = 1};
    union control control = {0};
    struct msghdr got = message(&body, &control);
    ssize_t length;

    do
        length = recvmsg(socket, &got, MSG_CMSG_CLOEXEC);
    while (length < 0 && errno == EINTR);
    const struct cmsghdr *const header = length < 1 ? NULL : CMSG_FIRSTHDR(&got);
    if (header != NULL && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(&file, CMSG_DATA(header), sizeof(file));
    return file;
}

/* By a process of its own, as there is no way back out of a user namespace. */
static int by_another(off_t bytes)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return -1;
    const pid_t child = fork();
    if (child == 0) {
        const int file = in_huge_pages(bytes);
        if (file >= 0)
            hand_over(ends[1], file);
        _exit(0);
    }
    close(ends[1]);
    const int file = child < 0 ? -1 : received(ends[0]);
    close(ends[0]);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    return file;
}

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "guest-memory: %s: %s\n", what, strerror(errno));
    _exit(1);
}

static long number(const char *text, long most)
{
    char *end;
    errno = 0;
    const long value = strtol(text, &end, 10);

    return *text < '0' || *text > '9' || *end != '\0' || errno != 0 || value > most ? -1 : value;
}

int main(int count, char **words)
{
    const long place = count < 4 ? -1 : number(words[1], MOST_DESCRIPTOR);
    const off_t bytes = count < 4 ? -1 : number(words[2], (long)1 << 48);

    if (place < 3 || bytes < 1) {
        fputs("usage: guest-memory DESCRIPTOR BYTES PROGRAM [ARGUMENT...]\n", stderr);
        return 64;
    }
    int file = by_another(bytes);
    if (file < 0)
        file = memfd_create("guest-memory", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, bytes) != 0)
        die("memory of the guest");
    /* dup2 leaves the close-on-exec flag as it is where both are one */
    if (file == place ? fcntl(file, F_SETFD, 0) != 0 : dup2(file, (int)place) < 0)
        die(words[1]);
    if (file != place)
        close(file);
    execvp(words[3], words + 3);
    die(words[3]);
}
