/*
 * The engine's way out. The sockets at its end are made here, in the engine's network namespace, and handed to a relay that stays where the host's network is,
 * in the host's namespaces, and so is nothing that anybody in the engine can see, end or trace. It is started by a process of its own, which starts it again when it
 * ends and which ends with this one: a relay that is gone leaves the engine without a way out.
 */
#include "enter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../egress/network/way.h"

/* As src/egress/relay/relay.h numbers what it inherits; the door, and what `struct egress_sockets` has. */
#define FIRST_INHERITED 3
#define INHERITED 5
/* Above all this program has open. */
#define OUT_OF_THE_WAY 256
#define DOOR_BACKLOG 256
#define FIRST_PAUSE_MS 100
#define LONGEST_PAUSE_MS 5000

union rights {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(struct egress_sockets))];
};

static int open_door(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (strlen(path) >= sizeof address.sun_path)
		die_text("--egress", "the path of the socket is too long");
	strcpy(address.sun_path, path);
	/* of an engine that was killed */
	if (unlink(path) != 0 && errno != ENOENT)
		die(path);
	const mode_t before = umask(0177);
	if (door < 0 || bind(door, (struct sockaddr *)&address, sizeof address) != 0 || listen(door, DOOR_BACKLOG) != 0)
		die(path);
	umask(before);
	return door;
}

static void send_sockets(int to, const struct egress_sockets *sockets)
{
	/* What there is not is not sent: without IPv6 there are two. */
	int list[4] = {sockets->tcp4, sockets->udp4, sockets->tcp6, sockets->udp6};
	const size_t count = sockets->tcp6 < 0 ? 2 : 4;
	union rights rights;
	char byte = 0;
	struct iovec part = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = CMSG_SPACE(count * sizeof(int))};

	memset(&rights, 0, sizeof rights);
	rights.header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(count * sizeof(int))};
	memcpy(CMSG_DATA(&rights.header), list, count * sizeof(int));
	if (sendmsg(to, &message, MSG_NOSIGNAL) != 1)
		die("sockets of the relay");
}

/* Only ever called by the process that keeps the relay: when PID 1 never came so far, there is nothing to relay. */
static void receive_sockets(int from, struct egress_sockets *sockets)
{
	union rights rights;
	char byte;
	int list[4] = {-1, -1, -1, -1};
	struct iovec part = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights};

	if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) != 1)
		_exit(1);
	const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	if (header == NULL || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS || (message.msg_flags & MSG_CTRUNC) != 0)
		_exit(1);
	memcpy(list, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
	*sockets = (struct egress_sockets){.tcp4 = list[0], .udp4 = list[1], .tcp6 = list[2], .udp6 = list[3]};
}

/* The numbers a relay has may be those of other descriptors here, so all go out of the way first. */
static _Noreturn void become_relay(const char *program, int door, const struct egress_sockets *sockets, pid_t keeper)
{
	const int wanted[INHERITED] = {door, sockets->tcp4, sockets->tcp6, sockets->udp4, sockets->udp6};
	int moved[INHERITED];
	char *const arguments[] = {(char *)"egress-relay", NULL};
	char *const environment[] = {NULL};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != keeper || chdir("/") != 0)
		_exit(1);
	for (int i = 0; i < INHERITED; i++)
		moved[i] = wanted[i] < 0 ? -1 : fcntl(wanted[i], F_DUPFD_CLOEXEC, FIRST_INHERITED + INHERITED);
	for (int i = 0; i < INHERITED; i++) {
		close(FIRST_INHERITED + i);
		if (moved[i] >= 0 && dup2(moved[i], FIRST_INHERITED + i) < 0)
			_exit(1);
	}
	execve(program, arguments, environment);
	die(program);
}

/* What PID 1 is to have would otherwise stay open here for as long as the relay is kept. */
static void leave_others(int *door, int *from)
{
	const int kept_door = fcntl(*door, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY), kept_from = fcntl(*from, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);

	if (kept_door < 0 || kept_from < 0)
		_exit(1);
	close_range(FIRST_INHERITED, OUT_OF_THE_WAY - 1, 0);
	*door = kept_door;
	*from = kept_from;
}

static _Noreturn void keep_relay(const char *program, int door, int from, pid_t parent)
{
	struct egress_sockets sockets;
	const pid_t keeper = getpid();
	long pause = FIRST_PAUSE_MS;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(1);
	leave_others(&door, &from);
	receive_sockets(from, &sockets);
	close(from);
	for (;;) {
		struct timespec begun, ended, wait;
		clock_gettime(CLOCK_MONOTONIC, &begun);
		const pid_t relay = fork();
		if (relay == 0)
			become_relay(program, door, &sockets, keeper);
		while (relay > 0 && waitpid(relay, NULL, 0) < 0 && errno == EINTR)
			continue;
		clock_gettime(CLOCK_MONOTONIC, &ended);
		/* one that ran for a while did not fail to start */
		pause = ended.tv_sec - begun.tv_sec > 10 ? FIRST_PAUSE_MS : pause;
		wait = (struct timespec){.tv_sec = pause / 1000, .tv_nsec = pause % 1000 * 1000000};
		nanosleep(&wait, NULL);
		pause = pause * 2 < LONGEST_PAUSE_MS ? pause * 2 : LONGEST_PAUSE_MS;
	}
}

int egress_start_relay(const struct enter_options *o)
{
	int pair[2];
	const pid_t parent = getpid();

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		die("socketpair");
	const int door = open_door(o->egress);
	const pid_t keeper = fork();
	if (keeper < 0)
		die("fork");
	if (keeper == 0) {
		close(pair[0]);
		keep_relay(o->relay, door, pair[1], parent);
	}
	close(door);
	close(pair[1]);
	return pair[0];
}

void egress_open(int keeper, bool is_read)
{
	struct egress_sockets sockets;
	const char *what;

	if (!egress_make_way(&sockets, is_read, &what))
		die(what);
	send_sockets(keeper, &sockets);
	close(sockets.tcp4);
	close(sockets.udp4);
	if (sockets.tcp6 >= 0) {
		close(sockets.tcp6);
		close(sockets.udp6);
	}
	close(keeper);
}
