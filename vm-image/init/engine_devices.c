#include "engine_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "files.h"
#include "log.h"

#define CGROUPS "/sys/fs/cgroup"
#define DEVICES_V1 CGROUPS "/devices"
#define NAME "/bulkhead-engine"

/* Documentation/admin-guide/devices.txt of the kernel. */
enum { NULL_DEVICE = 3, ZERO = 5, FULL = 7, RANDOM = 8, URANDOM = 9, MEMORY_MAJOR = 1 };
enum { TTY = 0, PTMX = 2, TTY_MAJOR = 5, PTS_MAJOR = 136 };
enum { TUN = 200, FUSE = 229, MISC_MAJOR = 10 };

/*
 * Nodes that may be made are those that give nobody anything, which images bring: null, zero, full, random, urandom; tty, console and
 * ptmx; tun and fuse. Threat: `docker cp`, and the filling of a volume, extract an archive as root in a directory of the host that is
 * shared, where a disk with mode 0666 would be everybody's.
 */

static bool close_v1(void)
{
    /* not zero, full and random: files without an end, and dockerd reads whole files into its memory */
    static const char *const OPEN[] = {"c 1:3 rwm", "c 1:5 m",   "c 1:7 m",    "c 1:8 m",    "c 1:9 m",  "c 5:0 rwm",
                                       "c 5:1 m",   "c 5:2 rwm", "c 10:200 m", "c 10:229 m", "c 136:* rw"};
    char list[256];

    if (!make_directory(DEVICES_V1 NAME, 0755) || read_attribute(DEVICES_V1 NAME "/devices.list", list, sizeof(list)) < 0)
        return false;
    /* what a shim that lives on holds open must not close for a moment when its service is started again */
    if (strncmp(list, "a ", 2) == 0 && !write_attribute(DEVICES_V1 NAME "/devices.deny", "a"))
        return false;
    for (size_t i = 0; i < sizeof(OPEN) / sizeof(OPEN[0]); i++)
        if (!write_attribute(DEVICES_V1 NAME "/devices.allow", OPEN[i]))
            log_line("devices %s: %s", OPEN[i], strerror(errno)); /* the cgroup above may allow less */
    return write_attribute(DEVICES_V1 NAME "/cgroup.procs", "0");
}

#define LOAD(to, field)                                                                                                                              \
    {                                                                                                                                                \
        .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = (to), .src_reg = BPF_REG_1, .off = offsetof(struct bpf_cgroup_dev_ctx, field)                  \
    }
#define JUMP(operation, reg, value, by)                                                                                                              \
    {                                                                                                                                                \
        .code = BPF_JMP | (operation) | BPF_K, .dst_reg = (reg), .off = (by), .imm = (value)                                                         \
    }
#define ANSWER(value) {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = (value)}, {.code = BPF_JMP | BPF_EXIT}

/* access_type is (access << 16) | type, linux/bpf.h. */
static const struct bpf_insn PROGRAM[] = {
    LOAD(BPF_REG_2, access_type),
    LOAD(BPF_REG_4, major),
    LOAD(BPF_REG_5, minor),
    {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_3, .src_reg = BPF_REG_2},
    {.code = BPF_ALU64 | BPF_AND | BPF_K, .dst_reg = BPF_REG_3, .imm = 0xffff},
    JUMP(BPF_JNE, BPF_REG_3, BPF_DEVCG_DEV_CHAR, 24),                              /* deny */
    JUMP(BPF_JNE, BPF_REG_2, BPF_DEVCG_ACC_MKNOD << 16 | BPF_DEVCG_DEV_CHAR, 14), /* to opening */
    /* making */
    JUMP(BPF_JEQ, BPF_REG_4, MEMORY_MAJOR, 5),
    JUMP(BPF_JEQ, BPF_REG_4, TTY_MAJOR, 10),
    JUMP(BPF_JNE, BPF_REG_4, MISC_MAJOR, 20), /* deny */
    JUMP(BPF_JEQ, BPF_REG_5, TUN, 17),        /* allow */
    JUMP(BPF_JEQ, BPF_REG_5, FUSE, 16),       /* allow */
    JUMP(BPF_JA, 0, 0, 17),                   /* deny */
    JUMP(BPF_JEQ, BPF_REG_5, NULL_DEVICE, 14), /* allow, like the next four */
    JUMP(BPF_JEQ, BPF_REG_5, ZERO, 13),
    JUMP(BPF_JEQ, BPF_REG_5, FULL, 12),
    JUMP(BPF_JEQ, BPF_REG_5, RANDOM, 11),
    JUMP(BPF_JEQ, BPF_REG_5, URANDOM, 10),
    JUMP(BPF_JA, 0, 0, 11),             /* deny */
    JUMP(BPF_JLE, BPF_REG_5, PTMX, 8),  /* allow */
    JUMP(BPF_JA, 0, 0, 9),              /* deny */
    /* opening */
    JUMP(BPF_JEQ, BPF_REG_4, PTS_MAJOR, 6),    /* allow */
    JUMP(BPF_JEQ, BPF_REG_4, MEMORY_MAJOR, 4), /* is it null? */
    JUMP(BPF_JNE, BPF_REG_4, TTY_MAJOR, 6),    /* deny */
    JUMP(BPF_JEQ, BPF_REG_5, TTY, 3),          /* allow */
    JUMP(BPF_JEQ, BPF_REG_5, PTMX, 2),         /* allow */
    JUMP(BPF_JA, 0, 0, 3),                     /* deny */
    JUMP(BPF_JNE, BPF_REG_5, NULL_DEVICE, 2),  /* deny */
    ANSWER(1),
    ANSWER(0),
};

static int bpf(enum bpf_cmd command, union bpf_attr *attributes)
{
    return (int)syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

static bool close_v2(void)
{
    union bpf_attr load, attach;

    if (!make_directory(CGROUPS NAME, 0755))
        return false;
    memset(&load, 0, sizeof(load));
    load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    load.expected_attach_type = BPF_CGROUP_DEVICE;
    load.insns = (uint64_t)(uintptr_t)PROGRAM;
    load.insn_cnt = sizeof(PROGRAM) / sizeof(PROGRAM[0]);
    load.license = (uint64_t)(uintptr_t) "";
    int directory = open(CGROUPS NAME, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int program = bpf(BPF_PROG_LOAD, &load);
    memset(&attach, 0, sizeof(attach));
    attach.target_fd = (uint32_t)directory;
    attach.attach_bpf_fd = (uint32_t)program;
    attach.attach_type = BPF_CGROUP_DEVICE;
    bool done = directory >= 0 && program >= 0 && bpf(BPF_PROG_ATTACH, &attach) == 0;
    if (program >= 0)
        close(program);
    if (directory >= 0)
        close(directory);
    return done && write_attribute(CGROUPS NAME "/cgroup.procs", "0");
}

bool close_devices(void)
{
    return access(DEVICES_V1, F_OK) == 0 ? close_v1() : close_v2();
}
