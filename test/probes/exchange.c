/* Two names exchanged all the time: what is looked up by one of them twice is not the same thing. */
#include "attempts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>

/* Five thousand times a second, so that one core is not busy with it alone. Ends with an error alone. */
int attempt_exchange(char **arguments)
{
	const struct timespec pause = { .tv_sec = 0, .tv_nsec = 200000 };

	for (;;) {
		if (renameat2(AT_FDCWD, arguments[0], AT_FDCWD, arguments[1], RENAME_EXCHANGE) != 0)
			return errno;
		nanosleep(&pause, NULL);
	}
}
