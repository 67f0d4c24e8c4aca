#include "identity.h"

#include <arpa/inet.h>
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

bool write_identity(const struct in_addr *resolver)
{
    char address[INET_ADDRSTRLEN];
    char text[64] = "";

    if (resolver != NULL && inet_ntop(AF_INET, resolver, address, sizeof(address)) != NULL)
        snprintf(text, sizeof(text), "nameserver %s\n", address);
    return create_file(ETC "resolv.conf", text, 0644) && create_file(ETC "hostname", HOST_NAME "\n", 0644) &&
           create_file(ETC "hosts", "127.0.0.1 localhost " HOST_NAME "\n::1 localhost ip6-localhost ip6-loopback\n", 0644);
}
