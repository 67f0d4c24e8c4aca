/* One virtqueue to a vhost-user back end, as a guest's kernel would have it: what lies in it is the caller's, true or not. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define QUEUE_SIZE 64
#define MEMORY_SIZE (4U << 20)
/* where a request and its answer lie in the memory that is shared */
#define REQUEST_AT 0x10000U
#define ANSWER_AT 0x200000U
#define ANSWER_ROOM 0x100000U

struct part {
	/* a guest's address, a length and VRING_DESC_F_WRITE for what the server writes */
	uint64_t address;
	uint32_t length;
	uint16_t flags;
	uint16_t next;
};

/* The shared memory; guest address 0 is its beginning. */
extern unsigned char *memory;

/* Ends the program when the server does not take part. */
void connect_queue(const char *socket_path);

/*
 * Offers a chain that begins with `first` of `parts`, which are written into the queue as they are. Returns how much the server says it wrote, -1 when it has ended and -2 when
 * it has not answered within two seconds.
 */
long offer(const struct part *parts, size_t count, uint16_t first);
