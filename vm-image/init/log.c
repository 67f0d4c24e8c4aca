#include "log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int kernel_log = -1;

void log_to_kernel(void)
{
    kernel_log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY);
}

void log_line(const char *format, ...)
{
    char line[512];
    int used = snprintf(line, sizeof(line), "%sbulkhead-init: ", kernel_log >= 0 ? "<3>" : "");
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line + used, sizeof(line) - (size_t)used - 1, format, arguments);
    va_end(arguments);
    strcat(line, "\n");
    /* nowhere to report that the log itself failed */
    if (write(kernel_log >= 0 ? kernel_log : STDERR_FILENO, line, strlen(line)) < 0)
        return;
}

int64_t uptime_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
