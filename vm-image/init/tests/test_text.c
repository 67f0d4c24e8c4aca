#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "fields.h"
#include "json.h"
#include "mountinfo.h"
#include "protocol.h"
#include "relay_buffer.h"

static void numbers(void)
{
    uint64_t number;

    CHECK(parse_decimal("0", 0, 5, &number) && number == 0);
    CHECK(parse_decimal("18446744073709551615", 0, UINT64_MAX, &number) && number == UINT64_MAX);
    CHECK(!parse_decimal("18446744073709551616", 0, UINT64_MAX, &number));
    CHECK(!parse_decimal("6", 0, 5, &number) && !parse_decimal("", 0, 5, &number) && !parse_decimal("01", 0, 5, &number) && !parse_decimal(" 1", 0, 5, &number));
}

static void mount_lines(void)
{
    char root[] = "22 1 254:0 / / ro,nosuid,nodev,relatime - erofs /dev/dm-0 ro,user_xattr\n";
    char shared[] = "36 35 98:0 /mnt1 /mnt\\040a\\134b rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue";
    char no_dash[] = "36 35 98:0 /mnt1 /mnt rw ext3 /dev/root rw";
    char cut[] = "36 35 98:0 /mnt1 /mnt rw - ext3 /dev/root";
    char device[] = "36 35 98 /mnt1 /mnt rw - ext3 /dev/root rw";
    char empty[] = "";
    struct mount_entry entry;

    CHECK(parse_mount_line(root, &entry) && entry.major == 254 && entry.minor == 0 && strcmp(entry.point, "/") == 0 && strcmp(entry.type, "erofs") == 0);
    CHECK(has_option(entry.options, "ro") && !has_option(entry.options, "rw") && !has_option(entry.options, "nosu") && has_option(entry.super_options, "ro"));
    CHECK(parse_mount_line(shared, &entry) && strcmp(entry.point, "/mnt a\\b") == 0 && strcmp(entry.source, "/dev/root") == 0);
    CHECK(!has_option(entry.super_options, "ro"));
    CHECK(!parse_mount_line(no_dash, &entry) && !parse_mount_line(cut, &entry) && !parse_mount_line(device, &entry) && !parse_mount_line(empty, &entry));
    CHECK(is_below("/a", "/a") && is_below("/a/b", "/a") && !is_below("/ab", "/a") && !is_below("/", "/a"));
}

static void escaping(void)
{
    char out[16];

    json_escape("a\"b\\c\nd\x80", out, sizeof(out));
    CHECK(strcmp(out, "a\\\"b\\\\c\\u000ad?") == 0);
    json_escape("0123456789abc\n", out, sizeof(out));
    CHECK(strcmp(out, "0123456789abc") == 0);
}

static void requests(void)
{
    static const char *const BAD[] = {"",  "start", "start ", "start a b", "list x", "sync x", "power-off now", "signal dockerd", "signal dockerd 0", "signal dockerd 65",
                                      "unmount-step", "unmount-step ..", "unmount-step a/b", "unmount-step A",
                                      " list", "list ", "LIST", "signal dockerd 9 9", "start 01234567890123456789012345678901"};
    struct request request;

    CHECK(parse_request("list", &request) && request.verb == VERB_LIST);
    CHECK(parse_request("sync", &request) && request.verb == VERB_SYNC);
    CHECK(parse_request("trim", &request) && request.verb == VERB_TRIM);
    CHECK(parse_request("power-off", &request) && request.verb == VERB_POWER_OFF);
    CHECK(parse_request("start dockerd", &request) && request.verb == VERB_START && strcmp(request.name, "dockerd") == 0);
    CHECK(parse_request("unmount-step r4jx0", &request) && request.verb == VERB_UNMOUNT_STEP && strcmp(request.name, "r4jx0") == 0);
    CHECK(parse_request("signal containerd 15", &request) && request.verb == VERB_SIGNAL && request.signal == 15);
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        CHECK(!parse_request(BAD[i], &request));
}

static void lines(void)
{
    struct line_buffer buffer = {0};

    CHECK(line_add(&buffer, 'a') == LINE_MORE && line_add(&buffer, '\n') == LINE_READY && strcmp(buffer.bytes, "a") == 0);
    CHECK(line_add(&buffer, '\n') == LINE_READY && strcmp(buffer.bytes, "") == 0);
    for (int i = 0; i < PROTOCOL_LINE_LIMIT - 1; i++)
        CHECK(line_add(&buffer, 'x') == LINE_MORE);
    CHECK(line_add(&buffer, '\n') == LINE_READY && strlen(buffer.bytes) == PROTOCOL_LINE_LIMIT - 1);
    for (int i = 0; i < PROTOCOL_LINE_LIMIT; i++)
        line_add(&buffer, 'x');
    CHECK(line_add(&buffer, '\n') == LINE_OVERLONG);
    line_add(&buffer, '\0');
    CHECK(line_add(&buffer, '\n') == LINE_OVERLONG);
    CHECK(line_add(&buffer, 'b') == LINE_MORE && line_add(&buffer, '\n') == LINE_READY && strcmp(buffer.bytes, "b") == 0);
}

/* Every byte arrives once and in order although both sides block again and again. */
static void relaying(void)
{
    static struct relay_buffer buffer;
    static char bytes[4096];
    const size_t total = 3 * RELAY_BUFFER_SIZE + 77;
    size_t sent = 0, received = 0;
    int in[2], out[2];

    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, in) == 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, out) == 0);
    CHECK(relay_fill(&buffer, in[1]) == RELAY_BLOCKED && relay_drain(&buffer, out[0]) == RELAY_BLOCKED);
    for (size_t round = 0; received < total; round++) {
        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = (char)((sent + i) % 251);
        size_t left = total - sent < sizeof(bytes) ? total - sent : sizeof(bytes);
        ssize_t written = write(in[0], bytes, left);
        sent += written > 0 ? (size_t)written : 0;
        CHECK(relay_fill(&buffer, in[1]) != RELAY_ENDED);
        if (round % 3 == 0)
            CHECK(relay_drain(&buffer, out[0]) != RELAY_ENDED);
        ssize_t got = round % 2 == 0 ? read(out[1], bytes, sizeof(bytes) / 2 + 1) : 0;
        for (ssize_t i = 0; i < got; i++)
            CHECK(bytes[i] == (char)((received + (size_t)i) % 251));
        received += got > 0 ? (size_t)got : 0;
    }
    close(in[0]);
    CHECK(relay_fill(&buffer, in[1]) == RELAY_ENDED);
}

int main(void)
{
    numbers();
    mount_lines();
    escaping();
    requests();
    lines();
    relaying();
    puts("ok text");
    return 0;
}
