/*
 * port-forge udp|tcp SOURCE PORT DESTINATION PORT [FLAGS]: sends one packet made by hand, from whatever address it is told, with TCP flags in hexadecimal
 * (linux/tcp.h: 01 FIN, 02 SYN, 04 RST, 08 PSH, 10 ACK, 20 URG, 40 ECE, 80 CWR). Prints the name of the errno where the kernel did not take it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct pseudo_header {
	in_addr_t source, destination;
	uint8_t zero, protocol;
	uint16_t length;
};

static uint32_t sum(const void *bytes, size_t length, uint32_t so_far)
{
	const uint8_t *each = bytes;
	for (size_t i = 0; i < length; i++)
		so_far += i % 2 == 0 ? (uint32_t)each[i] << 8 : each[i];
	return so_far;
}

static uint16_t folded(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

int main(int argc, char **argv)
{
	unsigned char packet[sizeof(struct iphdr) + sizeof(struct tcphdr)] = { 0 };
	struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 64 };
	unsigned char *const rest = packet + sizeof ip;
	size_t length;

	if (argc < 6 || inet_pton(AF_INET, argv[2], &ip.saddr) != 1 || inet_pton(AF_INET, argv[4], &ip.daddr) != 1) {
		fputs("usage: port-forge udp|tcp SOURCE PORT DESTINATION PORT [FLAGS]\n", stderr);
		return 64;
	}
	const in_port_t from = htons((uint16_t)atoi(argv[3])), to = htons((uint16_t)atoi(argv[5]));
	ip.protocol = strcmp(argv[1], "udp") == 0 ? IPPROTO_UDP : IPPROTO_TCP;
	struct pseudo_header pseudo = { .source = ip.saddr, .destination = ip.daddr, .protocol = ip.protocol };
	if (ip.protocol == IPPROTO_UDP) {
		const struct udphdr udp = { .source = from, .dest = to, .len = htons(sizeof udp + 4) };
		length = sizeof udp + 4;
		memcpy(rest, &udp, sizeof udp);
		memcpy(rest + sizeof udp, "evil", 4);
	} else {
		struct tcphdr tcp = { .source = from, .dest = to, .seq = htonl(1), .doff = 5, .window = htons(1024) };
		const unsigned char flags = (unsigned char)strtoul(argc > 6 ? argv[6] : "02", NULL, 16);
		memcpy((unsigned char *)&tcp + 13, &flags, 1);
		length = sizeof tcp;
		memcpy(rest, &tcp, sizeof tcp);
	}
	pseudo.length = htons((uint16_t)length);
	const uint16_t check = folded(sum(rest, length, sum(&pseudo, sizeof pseudo, 0)));
	memcpy(rest + (ip.protocol == IPPROTO_UDP ? 6 : 16), &check, sizeof check);
	ip.tot_len = htons((uint16_t)(sizeof ip + length));
	memcpy(packet, &ip, sizeof ip);

	const struct sockaddr_in target = { .sin_family = AF_INET, .sin_addr.s_addr = ip.daddr };
	const int raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (raw < 0 || sendto(raw, packet, sizeof ip + length, 0, (const struct sockaddr *)&target, sizeof target) < 0) {
		puts(strerrorname_np(errno));
		return 1;
	}
	puts("sent");
	return 0;
}
