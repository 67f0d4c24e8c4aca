#include "vhost-queue.h"

#include <errno.h>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* vhost-user, "Front-end message types" */
enum {
	GET_FEATURES = 1,
	SET_FEATURES = 2,
	SET_OWNER = 3,
	SET_MEM_TABLE = 5,
	SET_VRING_NUM = 8,
	SET_VRING_ADDR = 9,
	SET_VRING_BASE = 10,
	SET_VRING_KICK = 12,
	SET_VRING_CALL = 13,
	GET_PROTOCOL_FEATURES = 15,
	SET_PROTOCOL_FEATURES = 16,
	SET_VRING_ENABLE = 18,
};
#define VERSION 1U
#define FEATURES (1ULL << 30 | 1ULL << 32)
#define REQUESTS 1U
#define DESCRIPTORS_AT 0U
#define AVAILABLE_AT 0x1000U
#define USED_AT 0x2000U
#define PATIENCE 2000 /* ms */

struct message {
	uint32_t request, flags, size;
	union {
		uint64_t number;
		struct {
			uint32_t index, value;
		} state;
		struct {
			uint32_t index, flags;
			uint64_t descriptors, used, available, log;
		} addresses;
		struct {
			uint32_t regions, padding;
			uint64_t guest, size, user, offset;
		} table;
	} body;
} __attribute__((packed));
#define HEAD offsetof(struct message, body)

unsigned char *memory;
static int back_end, kick, call;

static _Noreturn void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void tell(uint32_t request, struct message *message, uint32_t size, int descriptor)
{
	message->request = request;
	message->flags = VERSION;
	message->size = size;
	struct iovec bytes = {.iov_base = message, .iov_len = HEAD + size};
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr sent = {.msg_iov = &bytes, .msg_iovlen = 1};
	if (descriptor >= 0) {
		sent.msg_control = &control;
		sent.msg_controllen = sizeof control;
		control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
	}
	if (sendmsg(back_end, &sent, MSG_NOSIGNAL) != (ssize_t)(HEAD + size))
		fail("sendmsg");
}

static void tell_number(uint32_t request, uint64_t number, int descriptor)
{
	struct message message = {.body.number = number};
	tell(request, &message, sizeof number, descriptor);
}

static void tell_state(uint32_t request, uint32_t index, uint32_t value)
{
	struct message message = {.body.state = {index, value}};
	tell(request, &message, sizeof message.body.state, -1);
}

static uint64_t asked(uint32_t request)
{
	struct message message = {0};
	tell(request, &message, 0, -1);
	if (recv(back_end, &message, HEAD + sizeof message.body.number, MSG_WAITALL) != (ssize_t)(HEAD + sizeof message.body.number))
		fail("recv");
	return message.body.number;
}

static void share_memory(void)
{
	const int file = memfd_create("guest", MFD_CLOEXEC);
	if (file < 0 || ftruncate(file, MEMORY_SIZE) != 0)
		fail("memfd_create");
	memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (memory == MAP_FAILED)
		fail("mmap");
	struct message message = {.body.table = {.regions = 1, .size = MEMORY_SIZE, .user = (uintptr_t)memory}};
	tell(SET_MEM_TABLE, &message, sizeof message.body.table, file);
}

static void set_up(uint32_t index, unsigned char *at, int kicked, int called)
{
	tell_state(SET_VRING_NUM, index, QUEUE_SIZE);
	tell_state(SET_VRING_BASE, index, 0);
	struct message message = {.body.addresses = {.index = index,
	                                             .descriptors = (uintptr_t)at + DESCRIPTORS_AT,
	                                             .used = (uintptr_t)at + USED_AT,
	                                             .available = (uintptr_t)at + AVAILABLE_AT}};
	tell(SET_VRING_ADDR, &message, sizeof message.body.addresses, -1);
	tell_number(SET_VRING_CALL, index, called);
	tell_number(SET_VRING_KICK, index, kicked);
	tell_state(SET_VRING_ENABLE, index, 1);
}

void connect_queue(const char *socket_path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(socket_path) >= sizeof address.sun_path)
		fail(socket_path);
	strcpy(address.sun_path, socket_path);
	back_end = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (back_end < 0 || connect(back_end, (struct sockaddr *)&address, sizeof address) != 0)
		fail(socket_path);
	struct message owner = {0};
	tell(SET_OWNER, &owner, 0, -1);
	tell_number(SET_FEATURES, asked(GET_FEATURES) & FEATURES, -1);
	(void)asked(GET_PROTOCOL_FEATURES);
	tell_number(SET_PROTOCOL_FEATURES, 0, -1);
	share_memory();
	kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	/* of the queue for what is urgent, which comes first, nothing is used */
	set_up(0, memory + 0x8000, eventfd(0, EFD_CLOEXEC), eventfd(0, EFD_CLOEXEC));
	set_up(REQUESTS, memory, kick, call);
}

long offer(const struct part *parts, size_t count, uint16_t first)
{
	struct vring_avail *const available = (void *)(memory + AVAILABLE_AT);
	const struct vring_used *const used = (const void *)(memory + USED_AT);
	memcpy(memory + DESCRIPTORS_AT, parts, count * sizeof *parts);
	available->ring[available->idx % QUEUE_SIZE] = first;
	atomic_thread_fence(memory_order_seq_cst);
	available->idx++;
	const uint16_t wanted = available->idx;
	uint64_t one = 1;
	if (write(kick, &one, sizeof one) != sizeof one)
		fail("kick");
	for (;;) {
		atomic_thread_fence(memory_order_seq_cst);
		if (used->idx == wanted)
			return used->ring[(uint16_t)(wanted - 1) % QUEUE_SIZE].len;
		struct pollfd seen[] = {{.fd = call, .events = POLLIN}, {.fd = back_end, .events = POLLIN}};
		if (poll(seen, 2, PATIENCE) == 0)
			return -2;
		if (seen[1].revents != 0)
			return -1;
		if (seen[0].revents != 0 && read(call, &one, sizeof one) < 0 && errno != EAGAIN)
			fail("call");
	}
}
