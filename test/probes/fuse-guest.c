/*
 * fuse-guest SOCKET: speaks to the server of a shared directory as a guest's kernel does that has been taken over. Requests come a line each on standard input:
 *
 *   HEX                            a FUSE request; the answer is printed as HEX
 *   chain FIRST A:L:F:N ...        descriptors as they are to lie in the queue: address, length, flags, next; how much the server says it wrote is printed
 *
 * `ended` is printed where the server has gone, `silent` where it has not answered in time; both are the last.
 */
#include <linux/virtio_ring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vhost-queue.h"

#define LINE (512U << 10)
/* bytes of an answer that are printed; none that is looked at has more */
#define PRINTED 16384

static char line[LINE];

static size_t from_hex(const char *text, unsigned char *bytes)
{
	size_t count = 0;
	unsigned value;
	for (; sscanf(text + 2 * count, "%2x", &value) == 1; count++)
		bytes[count] = (unsigned char)value;
	return count;
}

static long chain(char *words)
{
	struct part parts[QUEUE_SIZE] = {0};
	size_t count = 0;
	char *rest = NULL;
	const uint16_t first = (uint16_t)strtoul(strtok_r(words, " \n", &rest), NULL, 10);
	for (char *word; count < QUEUE_SIZE && (word = strtok_r(NULL, " \n", &rest)) != NULL; count++) {
		unsigned long long address;
		unsigned length, flags, next;
		if (sscanf(word, "%llx:%x:%x:%x", &address, &length, &flags, &next) != 4)
			exit(2);
		parts[count] = (struct part){address, length, (uint16_t)flags, (uint16_t)next};
	}
	return offer(parts, count, first);
}

static long request(const char *text)
{
	const size_t length = from_hex(text, memory + REQUEST_AT);
	const struct part parts[] = {
	    {.address = REQUEST_AT, .length = (uint32_t)length, .flags = VRING_DESC_F_NEXT, .next = 1},
	    {.address = ANSWER_AT, .length = ANSWER_ROOM, .flags = VRING_DESC_F_WRITE},
	};
	return offer(parts, 2, 0);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	connect_queue(argv[1]);
	while (fgets(line, sizeof line, stdin) != NULL) {
		const int is_chain = strncmp(line, "chain ", 6) == 0;
		const long written = is_chain ? chain(line + 6) : request(line);
		if (written < 0) {
			puts(written == -1 ? "ended" : "silent");
			return 0;
		}
		if (is_chain)
			printf("%ld", written);
		else
			for (long at = 0; at < written && at < PRINTED; at++)
				printf("%02x", memory[ANSWER_AT + at]);
		putchar('\n');
		fflush(stdout);
	}
	return 0;
}
