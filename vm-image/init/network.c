#include "network.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "reply_route.h"

static bool is_virtio(const char *name)
{
    char path[PATH_MAX], driver[PATH_MAX];

    snprintf(path, sizeof(path), "/sys/class/net/%s/device/driver", name);
    ssize_t length = readlink(path, driver, sizeof(driver) - 1);
    if (length < 0)
        return false;
    driver[length] = '\0';
    const char *base = strrchr(driver, '/');
    return base != NULL && strcmp(base, "/virtio_net") == 0;
}

bool find_interface(char *name)
{
    DIR *entries = opendir("/sys/class/net");

    name[0] = '\0';
    if (entries == NULL)
        return false;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        if (strlen(entry->d_name) < IFNAMSIZ && is_virtio(entry->d_name) && (name[0] == '\0' || strcmp(entry->d_name, name) < 0))
            strcpy(name, entry->d_name);
    closedir(entries);
    return name[0] != '\0';
}

static bool set_up(int control, const char *name)
{
    struct ifreq request = {0};

    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    if (ioctl(control, SIOCGIFFLAGS, &request) != 0)
        return false;
    request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
    return ioctl(control, SIOCSIFFLAGS, &request) == 0;
}

static void put_address(struct sockaddr *place, struct in_addr address)
{
    struct sockaddr_in value = {.sin_family = AF_INET, .sin_addr = address};

    memcpy(place, &value, sizeof(value));
}

static bool set_address(int control, const char *name, unsigned long what, struct in_addr address)
{
    struct ifreq request = {0};

    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    put_address(&request.ifr_addr, address);
    return ioctl(control, what, &request) == 0;
}

static bool add_default_route(int control, struct in_addr gateway)
{
    struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};
    struct in_addr any = {INADDR_ANY};

    put_address(&route.rt_dst, any);
    put_address(&route.rt_genmask, any);
    put_address(&route.rt_gateway, gateway);
    return ioctl(control, SIOCADDRT, &route) == 0;
}

/*
 * The gateway is a way, not a destination. QEMU's user network takes what is sent to its address to the loopback of the host (libslirp,
 * sotranslate_out4), where services trust whoever comes; a container needs no more than an address to get there. The default route has
 * been resolved by now and goes on working. Where the gateway is the resolver as well, it has to be reached,
 * and where the setting bulkhead.hostLoopback says so, it may be.
 */
static bool refuse_gateway(int control, const struct net_params *params)
{
    struct rtentry route = {.rt_flags = RTF_UP | RTF_HOST | RTF_REJECT};

    if (!gateway_refused(params))
        return true;
    put_address(&route.rt_dst, params->gateway);
    return ioctl(control, SIOCADDRT, &route) == 0;
}

static int open_control(void)
{
    return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

bool bring_loopback_up(void)
{
    int control = open_control();
    bool done = control >= 0 && set_up(control, "lo");

    if (control >= 0)
        close(control);
    return done;
}

bool configure_network(const struct net_params *params)
{
    char name[IFNAMSIZ];

    if (!find_interface(name)) {
        errno = ENODEV;
        return false;
    }
    int control = open_control();
    if (control < 0)
        return false;
    bool done = set_address(control, name, SIOCSIFADDR, params->address) && set_address(control, name, SIOCSIFNETMASK, params->netmask) &&
                set_up(control, name) && (params->restricted || add_default_route(control, params->gateway)) && refuse_gateway(control, params) &&
                add_reply_route(params->gateway, if_nametoindex(name));
    int error = errno;
    close(control);
    errno = error;
    return done;
}
