/* The engine's mount tree in native mode: the VM's root, its volatile directories, and a few device nodes. */
#include "enter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Any existing directory: it is covered in this private mount namespace only. */
#define STAGING "/mnt"

/* A loop device that the kernel detaches by itself when its last user, the mount, goes (LO_FLAGS_AUTOCLEAR). */
static void mount_by_loop(const char *image, const char *target)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int file = open(image, O_RDONLY | O_CLOEXEC);

	if (control < 0 || file < 0)
		die("loop device");
	for (int attempt = 0; attempt < 16; attempt++) {
		char device[32];
		struct loop_config config = {.fd = (unsigned)file,
					     .info = {.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_READ_ONLY}};
		int number = ioctl(control, LOOP_CTL_GET_FREE);
		if (number < 0)
			die("LOOP_CTL_GET_FREE");
		snprintf(device, sizeof device, "/dev/loop%d", number);
		int loop = open(device, O_RDONLY | O_CLOEXEC);
		if (loop < 0)
			die(device);
		if (ioctl(loop, LOOP_CONFIGURE, &config) == 0) {
			must_mount(device, target, "erofs", MS_RDONLY | MS_NODEV | MS_NOSUID, NULL);
			close(loop);
			close(file);
			close(control);
			return;
		}
		/* EBUSY: another process took that device between the two calls. */
		if (errno != EBUSY)
			die("LOOP_CONFIGURE");
		close(loop);
	}
	die_text("loop device", "none stayed free");
}

static void mount_root(const char *root, const char *target)
{
	struct stat s;

	if (stat(root, &s) != 0)
		die(root);
	if (S_ISDIR(s.st_mode)) {
		must_mount(root, target, NULL, MS_BIND, NULL);
		must_mount(NULL, target, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NODEV | MS_NOSUID, NULL);
		return;
	}
	/* Linux 6.12 mounts an erofs file without a loop device. */
	if (mount(root, target, "erofs", MS_RDONLY | MS_NODEV | MS_NOSUID, NULL) == 0)
		return;
	mount_by_loop(root, target);
}

/* `target` joined to the staging root. */
static const char *under(const char *path)
{
	static char joined[512];
	snprintf(joined, sizeof joined, STAGING "%s", path);
	return joined;
}

static void make_node(const char *path, mode_t mode, unsigned major_number, unsigned minor_number)
{
	if (mknod(under(path), S_IFCHR | mode, makedev(major_number, minor_number)) != 0)
		die(path);
	if (chmod(under(path), mode) != 0)
		die(path);
}

/* The host's /dev is not passed on: it holds its disks. These are what an engine and its containers need. */
static void build_dev(void)
{
	must_mount("tmpfs", under("/dev"), "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=4m");
	make_node("/dev/null", 0666, 1, 3);
	make_node("/dev/zero", 0666, 1, 5);
	make_node("/dev/full", 0666, 1, 7);
	make_node("/dev/random", 0666, 1, 8);
	make_node("/dev/urandom", 0666, 1, 9);
	make_node("/dev/tty", 0666, 5, 0);
	make_node("/dev/fuse", 0666, 10, 229);
	make_dir(under("/dev/net"), 0755);
	make_node("/dev/net/tun", 0666, 10, 200);
	make_dir(under("/dev/pts"), 0755);
	must_mount("devpts", under("/dev/pts"), "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620,gid=5");
	if (symlink("pts/ptmx", under("/dev/ptmx")) != 0 || symlink("/proc/self/fd", under("/dev/fd")) != 0)
		die("symlink in /dev");
	make_dir(under("/dev/shm"), 01777);
	must_mount("tmpfs", under("/dev/shm"), "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
	make_dir(under("/dev/mqueue"), 01777);
	must_mount("mqueue", under("/dev/mqueue"), "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

static void bind_data(const char *data, const char *name, const char *target)
{
	char from[4096];

	if ((size_t)snprintf(from, sizeof from, "%s/%s", data, name) >= sizeof from)
		die_text("data directory", "path too long");
	make_dir(from, 0711);
	must_mount(from, under(target), NULL, MS_BIND, NULL);
	must_mount(NULL, under(target), NULL, MS_BIND | MS_REMOUNT | MS_NODEV, NULL);
}

void tree_enter(const struct enter_options *o)
{
	must_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	mount_root(o->root, STAGING);
	if (o->share_count > 0)
		mirror_root(o, STAGING);
	must_mount("proc", under("/proc"), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	must_mount("sysfs", under("/sys"), "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	cgroup_mount(under("/sys/fs/cgroup"));
	build_dev();
	must_mount("tmpfs", under("/run"), "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
	must_mount("tmpfs", under("/tmp"), "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
	must_mount("tmpfs", under("/var/log"), "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755,size=64m");
	/* Whole as well, as in the VM: bulkheadd keeps records there that the engine's view cannot write, and follows no link out of it or to where containers write. */
	must_mount(o->data, under("/var/lib/bulkhead-data"), NULL, MS_BIND, NULL);
	must_mount(NULL, under("/var/lib/bulkhead-data"), NULL, MS_BIND | MS_REMOUNT | MS_NODEV | MS_NOSUID | MS_NOEXEC | MS_NOSYMFOLLOW, NULL);
	bind_data(o->data, "docker", "/var/lib/docker");
	bind_data(o->data, "containerd", "/var/lib/containerd");
	make_dir(under("/run/bulkhead"), 0711);
	make_dir(under("/run/bulkhead/host"), 0700);
	must_mount(o->host_dir, under("/run/bulkhead/host"), NULL, MS_BIND, NULL);

	shares_attach(o, STAGING);
	if (o->share_count > 0)
		mirror_close(STAGING);

	if (chdir(STAGING) != 0)
		die("chdir");
	/* "." twice: the old root ends up on top of the new one and is detached from there (pivot_root(2), NOTES). */
	if (syscall(SYS_pivot_root, ".", ".") != 0)
		die("pivot_root");
	if (umount2(".", MNT_DETACH) != 0)
		die("umount2 of the old root");
	if (chdir("/") != 0)
		die("chdir /");
}
