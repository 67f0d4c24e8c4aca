#include "identity.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "files.h"

#define HOST_NAME "bulkhead"
#define ETC "/run/bulkhead/etc/"

bool set_host_name(void)
{
    return sethostname(HOST_NAME, strlen(HOST_NAME)) == 0;
}

bool write_identity(const struct in_addr *resolver, const char *search)
{
    char address[INET_ADDRSTRLEN];
    char text[512] = "";

    if (resolver != NULL && inet_ntop(AF_INET, resolver, address, sizeof(address)) != NULL)
        snprintf(text, sizeof(text), "nameserver %s\n%s%s%s", address, search[0] == '\0' ? "" : "search ", search, search[0] == '\0' ? "" : "\n");
    return create_file(ETC "resolv.conf", text, 0644) && create_file(ETC "hostname", HOST_NAME "\n", 0644) &&
           create_file(ETC "hosts", "127.0.0.1 localhost " HOST_NAME "\n::1 localhost ip6-localhost ip6-loopback\n", 0644);
}

bool write_authority(int file)
{
    static char text[16384];
    char path[32];

    if (file < 0)
        return symlink("/etc/ssl/certs/ca-certificates.crt", ENGINE_AUTHORITY) == 0 || errno == EEXIST;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    const ssize_t length = read_file(path, text, sizeof(text));
    const int error = length < 0 ? errno : EINVAL;
    close(file);
    /* one that was cut short, or is none, would leave the engine without a way to any registry and without a reason */
    if (length <= 0 || (size_t)length == sizeof(text) - 1 || strncmp(text, "-----BEGIN CERTIFICATE-----\n", 28) != 0) {
        errno = error;
        return false;
    }
    return create_file(ENGINE_AUTHORITY, text, 0644);
}
