/* The list of shared directories: what is anything else than such a list is none. */
#include <string.h>

#include "check.h"
#include "share_list.h"

static struct share shares[MAX_SHARES];

#define PARSE(text) parse_share_list(text, sizeof(text) - 1, shares)

static void check_many(void)
{
    static char text[16 * (MAX_SHARES + 1)];
    size_t size = 0;

    for (int i = 0; i < MAX_SHARES; i++)
        size += (size_t)snprintf(text + size, sizeof(text) - size, "rw%c/d%d", '\0', i) + 1;
    CHECK(parse_share_list(text, size, shares) == MAX_SHARES && shares[MAX_SHARES - 1].device == MAX_SHARES - 1);
    size += (size_t)snprintf(text + size, sizeof(text) - size, "rw%c/more", '\0') + 1;
    CHECK(parse_share_list(text, size, shares) == -1);
}

static void check_places(void)
{
    static const char *const own[] = {"/usr", "/usr/lib/bulkhead", "/etc", "/bin", "/lib64/x", "/run/bulkhead", "/proc/1", "/sys", "/dev", "/var", "/var/lib", "/var/run/x",
                                      "/var/lib/docker/volumes", "/var/log", "/tmp", "/var/tmp", "/root", "/root/.docker"};
    static const char *const free_for_all[] = {"/home", "/home/u/.config", "/srv", "/etcetera", "/library", "/usrx", "/tmp/x", "/var/tmp/x", "/var/lib/jenkins",
                                               "/var/lib/docker-data", "/root/project", "/mnt", "/opt/x"};

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        CHECK(is_own_place(own[i]));
    for (size_t i = 0; i < sizeof(free_for_all) / sizeof(free_for_all[0]); i++)
        CHECK(!is_own_place(free_for_all[i]) && may_hold_shares(free_for_all[i]));
    CHECK(may_hold_shares("/var") && may_hold_shares("/var/lib") && may_hold_shares("/root"));
    CHECK(!may_hold_shares("/usr") && !may_hold_shares("/var/lib/docker") && !may_hold_shares("/run") && !may_hold_shares("/root/.docker"));
}

static bool fits(bool read_only, const char *text)
{
    char line[256];
    struct mount_entry entry;

    snprintf(line, sizeof(line), "40 30 0:50 / /home/u %s", text);
    const struct share share = {.path = "/home/u", .read_only = read_only};
    return parse_mount_line(line, &entry) && is_fit_mount(&share, &entry);
}

static void check_mounts(void)
{
    CHECK(fits(false, "rw,nosuid,nodev,relatime,nosymfollow shared:1 - virtiofs share0 rw"));
    CHECK(fits(true, "ro,nosuid,nodev,relatime,nosymfollow - virtiofs share0 rw"));
    CHECK(!fits(true, "rw,nosuid,nodev,relatime,nosymfollow - virtiofs share0 ro"));
    CHECK(!fits(false, "ro,nosuid,nodev,relatime,nosymfollow - virtiofs share0 rw"));
    CHECK(!fits(false, "rw,nodev,relatime,nosymfollow - virtiofs share0 rw"));
    CHECK(!fits(false, "rw,nosuid,relatime,nosymfollow - virtiofs share0 rw"));
    CHECK(!fits(false, "rw,nosuid,nodev,relatime - virtiofs share0 rw"));
    CHECK(!fits(false, "rw,nosuid,nodev,relatime,nosymfollow - tmpfs share0 rw"));
}

int main(void)
{
    static char long_path[2 * SHARE_PATH_LIMIT] = "rw";

    CHECK(PARSE("") == 0);
    CHECK(PARSE("rw\0/home/u\0ro\0/srv/a b\0ro+\0/srv/link\0rw\0/..x/.y\0") == 4);
    CHECK(strcmp(shares[0].path, "/home/u") == 0 && !shares[0].read_only && !shares[0].again && shares[0].device == 0);
    CHECK(strcmp(shares[1].path, "/srv/a b") == 0 && shares[1].read_only && shares[1].device == 1);
    CHECK(shares[2].again && shares[2].read_only && shares[2].device == 1);
    CHECK(shares[3].device == 2);
    CHECK(PARSE("rw\0/a") == -1 && PARSE("rw\0") == -1 && PARSE("rw") == -1 && PARSE("\0") == -1 && PARSE("rw\0/a\0ro\0") == -1);
    CHECK(PARSE("rx\0/a\0") == -1 && PARSE("w\0/a\0") == -1 && PARSE("r\0/a\0") == -1 && PARSE("rw-\0/a\0") == -1 && PARSE("rw++\0/a\0") == -1);
    CHECK(PARSE("rw+\0/a\0") == -1 && PARSE("rw\0/a\0ro+\0/b\0") == -1);
    CHECK(PARSE("rw\0a\0") == -1 && PARSE("rw\0\0") == -1 && PARSE("rw\0/\0") == -1 && PARSE("rw\0/a/\0") == -1 && PARSE("rw\0//a\0") == -1);
    CHECK(PARSE("rw\0/a/..\0") == -1 && PARSE("rw\0/./a\0") == -1 && PARSE("rw\0/a/../b\0") == -1);
    memset(long_path + 3, 'a', SHARE_PATH_LIMIT + 1);
    long_path[3] = '/';
    CHECK(parse_share_list(long_path, SHARE_PATH_LIMIT + 5, shares) == -1);
    long_path[3 + SHARE_PATH_LIMIT] = '\0';
    CHECK(parse_share_list(long_path, SHARE_PATH_LIMIT + 4, shares) == 1);
    check_many();
    check_places();
    check_mounts();
    puts("ok shares");
    return 0;
}
