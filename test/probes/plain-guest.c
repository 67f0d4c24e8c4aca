/*
 * PID 1 of a VM with nothing but a server in it: the peer `npm run bench ports` compares a published port with. Kernel, disks and network card are those of ours; it
 * loads the modules of the network card from the image's root, gives the card the address in the environment's ADDRESS (the kernel hands on what it does not know
 * of its command line) and becomes port-echo.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void check(int result, const char *what)
{
	if (result >= 0)
		return;
	perror(what);
	exit(1);
}

static void load(const char *path)
{
	const int file = open(path, O_RDONLY | O_CLOEXEC);
	check(file, path);
	check((int)syscall(SYS_finit_module, file, "", 0), path);
	close(file);
}

static void load_listed(const char *list)
{
	char line[256];
	FILE *const lines = fopen(list, "re");
	check(lines == NULL ? -1 : 0, list);
	while (fgets(line, sizeof line, lines) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		load(line);
	}
	fclose(lines);
}

/* The image's disk, whichever letter it has. */
static void mount_image(void)
{
	char device[] = "/dev/vda";
	for (; device[7] <= 'h'; device[7]++)
		if (mount(device, "/root", "erofs", MS_RDONLY, NULL) == 0)
			return;
	check(-1, "no image");
}

static struct ifreq request(const char *address)
{
	struct ifreq made = { .ifr_name = "eth0" };
	const struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = inet_addr(address) };
	memcpy(&made.ifr_addr, &in, sizeof in);
	return made;
}

int main(void)
{
	static char *const server[] = { "/port-echo", "80", NULL };
	const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq address = request(getenv("ADDRESS")), mask = request("255.255.255.0"), up = { .ifr_name = "eth0", .ifr_flags = IFF_UP };

	check(mount("devtmpfs", "/dev", "devtmpfs", 0, NULL), "devtmpfs");
	load_listed("/modules/boot.list");
	mount_image();
	load("/root/usr/lib/bulkhead/modules/failover.ko");
	load("/root/usr/lib/bulkhead/modules/net_failover.ko");
	load("/root/usr/lib/bulkhead/modules/virtio_net.ko");
	check(ioctl(control, SIOCSIFADDR, &address), "address");
	check(ioctl(control, SIOCSIFNETMASK, &mask), "mask");
	check(ioctl(control, SIOCSIFFLAGS, &up), "up");
	execv(server[0], server);
	check(-1, server[0]);
}
