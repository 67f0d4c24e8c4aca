#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine_devices.h"
#include "engine_view.h"
#include "files.h"
#include "log.h"

/* all DAEMON may be given are 32 */
#define ARGUMENT_LIMIT 40
#define FIRST_INHERITED 3
/* above every number that is a target */
#define CLEAR_OF_TARGETS (FIRST_INHERITED + SPAWN_DESCRIPTOR_LIMIT)

static void default_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool arrange_descriptors(int null, int output, const int *descriptors, size_t count)
{
    int moved[SPAWN_DESCRIPTOR_LIMIT];

    if (dup2(null, STDIN_FILENO) < 0 || (output >= 0 && (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)))
        return false;
    /* out of the way first: a source may have the number of another's target */
    for (size_t i = 0; i < count; i++)
        if ((moved[i] = fcntl(descriptors[i] < 0 ? null : descriptors[i], F_DUPFD_CLOEXEC, CLEAR_OF_TARGETS)) < 0)
            return false;
    for (size_t i = 0; i < count; i++)
        if (dup2(moved[i], FIRST_INHERITED + (int)i) < 0)
            return false;
    return close_range(FIRST_INHERITED + (unsigned int)count, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
}

static bool gather_arguments(const struct service_definition *service, const char *const *extra, const char **arguments)
{
    size_t count = 0;

    for (const char *const *word = service->arguments; *word != NULL && count < ARGUMENT_LIMIT; word++)
        arguments[count++] = *word;
    for (const char *const *word = extra; word != NULL && *word != NULL && count < ARGUMENT_LIMIT; word++)
        arguments[count++] = *word;
    arguments[count] = NULL;
    return count < ARGUMENT_LIMIT;
}

static _Noreturn void become_service(const struct service_definition *service, const char *const *extra, int output, const int *descriptors, size_t count)
{
    const char *arguments[ARGUMENT_LIMIT + 1];
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    setsid();
    default_signals();
    /* native mode may lack CAP_SYS_RESOURCE: then the services are killed in the usual order */
    if (!write_attribute("/proc/self/oom_score_adj", "-900") && errno != EACCES && errno != EPERM)
        log_line("oom_score_adj of %s: %s", service->name, strerror(errno));
    if (service->devices_closed && !close_devices()) {
        log_line("%s may open devices, so it is not started: %s", service->name, strerror(errno));
        _exit(127);
    }
    if (service->read_only != NULL && !restrict_view(service->read_only)) {
        log_line("%s may write where it must not, so it is not started: %s", service->name, strerror(errno));
        _exit(127);
    }
    const struct rlimit files = {service->most_files, service->most_files};
    if (service->most_files != 0 && setrlimit(RLIMIT_NOFILE, &files) != 0)
        _exit(127);
    if (null >= 0 && arrange_descriptors(null, output, descriptors, count) && gather_arguments(service, extra, arguments))
        execve(arguments[0], (char *const *)(uintptr_t)arguments, (char *const *)(uintptr_t)service->environment);
    log_line("%s cannot be started: %s", service->name, strerror(errno));
    _exit(127);
}

pid_t spawn_service(const struct service_definition *service, const char *const *extra, int output, const int *descriptors, size_t count)
{
    if (count > SPAWN_DESCRIPTOR_LIMIT) {
        errno = E2BIG;
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0)
        become_service(service, extra, output, descriptors, count);
    return pid;
}
