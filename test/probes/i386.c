/* System calls as 32-bit programs make them, which the filter of 64-bit calls does not see. */
#include "attempts.h"

#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

/* Numbers of i386, from arch/x86/entry/syscalls/syscall_32.tbl. */
enum { I386_SOCKETCALL = 102, I386_SOCKET = 359 };
enum { CALL_SOCKET = 1 };

/* int 0x80 is the entry of i386 from programs of any kind. The kernel reads 32 bits of each register: an address must lie below 4 GiB. */
static int call(uint32_t number, uint32_t first, uint32_t second, uint32_t third)
{
	int32_t answer;
	__asm__ volatile("int $0x80"
			 : "=a"(answer)
			 : "a"(number), "b"(first), "c"(second), "d"(third)
			 : "memory", "r8", "r9", "r10", "r11");
	if (answer < 0)
		return -answer;
	close(answer);
	return 0;
}

/* seccomp sees the address of the arguments, not the family that is among them. */
int attempt_vsock_socketcall(char **arguments)
{
	(void)arguments;
	static uint32_t words[3] = { AF_VSOCK, SOCK_STREAM, 0 };
	return call(I386_SOCKETCALL, CALL_SOCKET, (uint32_t)(uintptr_t)words, 0);
}

int attempt_vsock_i386(char **arguments)
{
	(void)arguments;
	return call(I386_SOCKET, AF_VSOCK, SOCK_STREAM, 0);
}

/* Allowed: shows that a refusal of the two above is not one of every such call. */
int attempt_unix_i386(char **arguments)
{
	(void)arguments;
	return call(I386_SOCKET, AF_UNIX, SOCK_STREAM, 0);
}
