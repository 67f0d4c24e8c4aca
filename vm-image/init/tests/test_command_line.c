#include <stdio.h>
#include <string.h>

#include "check.h"
#include "cmdline.h"
#include "document_disks.h"
#include "net_params.h"
#include "options.h"
#include "verity_params.h"

#define DIGEST "75594283d67c0206d0ef214e4e33f03b55fcc92b9a0b2cb79b199b2c74ecbdec"
#define GOOD "sha256,4096,4096,56155,0007," DIGEST

static void values(void)
{
    char value[8];

    CHECK(cmdline_value("a=1 b=22\n", "b", value, sizeof(value)) == CMDLINE_OK && strcmp(value, "22") == 0);
    CHECK(cmdline_value("  a=", "a", value, sizeof(value)) == CMDLINE_OK && strcmp(value, "") == 0);
    CHECK(cmdline_value("xa=1 a.b=2 a", "a", value, sizeof(value)) == CMDLINE_ABSENT);
    CHECK(cmdline_value("", "a", value, sizeof(value)) == CMDLINE_ABSENT);
    CHECK(cmdline_value("a=1 c a=1", "a", value, sizeof(value)) == CMDLINE_REPEATED);
    CHECK(cmdline_value("a=1234567", "a", value, sizeof(value)) == CMDLINE_OK);
    CHECK(cmdline_value("a=12345678", "a", value, sizeof(value)) == CMDLINE_TOO_LONG);
}

static void verity_accepted(void)
{
    struct verity_params params;

    CHECK(parse_verity_params(GOOD, &params));
    CHECK(params.data_block_size == 4096 && params.hash_block_size == 4096 && params.data_blocks == 56155);
    CHECK(strcmp(params.salt, "0007") == 0 && strcmp(params.root_hash, DIGEST) == 0 && strcmp(params.algorithm, "sha256") == 0);
    CHECK(parse_verity_params("sha256,512,1024,1,-," DIGEST, &params) && strcmp(params.salt, "-") == 0);
    CHECK(verity_params_of_cmdline("console=ttyS0 " VERITY_KEY "=" GOOD " quiet\n", &params));
}

static void verity_refused(void)
{
    static const char *const BAD[] = {
        "",
        "sha256",
        GOOD ",",
        "," GOOD,
        "sha1,4096,4096,1,00," DIGEST,
        "SHA256,4096,4096,1,00," DIGEST,
        "sha256,0,4096,1,00," DIGEST,
        "sha256,8192,4096,1,00," DIGEST,
        "sha256,4095,4096,1,00," DIGEST,
        "sha256,4096,256,1,00," DIGEST,
        "sha256,04096,4096,1,00," DIGEST,
        "sha256,4096,4096,0,00," DIGEST,
        "sha256,4096,4096,-1,00," DIGEST,
        "sha256,4096,4096,+1,00," DIGEST,
        "sha256,4096,4096,18446744073709551616,00," DIGEST,
        "sha256,4096,4096,18446744073709551615,00," DIGEST,
        "sha256,4096,4096,1,," DIGEST,
        "sha256,4096,4096,1,0," DIGEST,
        "sha256,4096,4096,1,0G," DIGEST,
        "sha256,4096,4096,1,00,",
        "sha256,4096,4096,1,00,0" DIGEST,
        "sha256,4096,4096,1,00,75594283D67c0206d0ef214e4e33f03b55fcc92b9a0b2cb79b199b2c74ecbdec",
    };
    struct verity_params params;
    char line[2048];

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        CHECK(!parse_verity_params(BAD[i], &params));
    CHECK(!verity_params_of_cmdline("root=/dev/vda quiet", &params));
    CHECK(!verity_params_of_cmdline(VERITY_KEY "=" GOOD " " VERITY_KEY "=" GOOD, &params));
    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\0';
    CHECK(!parse_verity_params(line, &params));
}

static void verity_tables(void)
{
    struct verity_params params;

    CHECK(parse_verity_params(GOOD, &params));
    CHECK(verity_table_matches("1 254:0 254:16 4096 4096 56155 0 sha256 " DIGEST " 0007 1 panic_on_corruption", &params));
    CHECK(verity_table_matches("1 254:0 254:16 4096 4096 56155 1 sha256 " DIGEST " 0007 2 ignore_zero_blocks panic_on_corruption", &params));
    CHECK(!verity_table_matches("1 254:0 254:16 4096 4096 56155 0 sha256 " DIGEST " 0007", &params));
    CHECK(!verity_table_matches("1 254:0 254:16 4096 4096 56155 0 sha256 " DIGEST " 0007 1 ignore_corruption", &params));
    CHECK(!verity_table_matches("1 254:0 254:16 4096 4096 56154 0 sha256 " DIGEST " 0007 1 panic_on_corruption", &params));
    CHECK(!verity_table_matches("1 254:0 254:16 4096 4096 56155 0 sha256 " DIGEST " 0008 1 panic_on_corruption", &params));
    CHECK(!verity_table_matches("1 254:0 254:16 4096 512 56155 0 sha256 " DIGEST " 0007 1 panic_on_corruption", &params));
    params.root_hash[0] = '0';
    CHECK(!verity_table_matches("1 254:0 254:16 4096 4096 56155 0 sha256 " DIGEST " 0007 1 panic_on_corruption", &params));
    CHECK(!verity_table_matches("", &params));
}

static void network(void)
{
    static const char *const BAD[] = {"",       "10.0.2.15,10.0.2.2,10.0.2.3",       "10.0.2.15/0,10.0.2.2,10.0.2.3", "10.0.2.15/31,10.0.2.2,10.0.2.3",
                                      "10.0.2", "10.0.2.15/24,10.0.3.2,10.0.2.3",    "10.0.2.15/24,10.0.2.2",         "10.0.2.15/24/1,10.0.2.2,10.0.2.3",
                                      "::1/24", "10.0.2.15/24,10.0.2.2,10.0.2.3,x", "10.0.2.15/24,10.0.2.2,10.0.2.3,10.0.3.4",
                                      "10.0.2.15/24,10.0.2.2,10.0.2.3,10.0.2.15", "10.0.2.15/24,10.0.2.2,10.0.2.3,10.0.2.4,10.0.2.5"};
    struct net_params params;

    CHECK(net_params_of_cmdline("quiet", &params));
    CHECK(params.address.s_addr == htonl(0x0a00020f) && params.netmask.s_addr == htonl(0xffffff00) && params.gateway.s_addr == htonl(0x0a000202) &&
          params.resolver.s_addr == htonl(0x0a000203));
    CHECK(net_params_of_cmdline("x " NET_KEY "=192.168.7.9/28,192.168.7.1,9.9.9.9", &params) && params.netmask.s_addr == htonl(0xfffffff0));
    CHECK(params.names.s_addr == 0 && params.without == NULL);
    CHECK(net_params_of_cmdline(NET_KEY "=192.168.65.3/24,192.168.65.1,192.168.65.2,192.168.65.4 " WITHOUT_KEY "=ipv6", &params) &&
          params.names.s_addr == htonl(0xc0a84104) && strcmp(params.without, "ipv6") == 0);
    CHECK(!net_params_of_cmdline(NET_KEY "=", &params));
    CHECK(!net_params_of_cmdline(WITHOUT_KEY "=ipv7", &params) && !net_params_of_cmdline(WITHOUT_KEY "=ipv4 " WITHOUT_KEY "=ipv4", &params));
    CHECK(net_params_of_cmdline("quiet", &params) && !params.gateway_reached && gateway_refused(&params));
    CHECK(net_params_of_cmdline(LOOPBACK_KEY "=reached", &params) && params.gateway_reached && !gateway_refused(&params));
    CHECK(net_params_of_cmdline(NET_KEY "=192.168.7.9/28,192.168.7.1,192.168.7.1", &params) && !gateway_refused(&params));
    CHECK(!net_params_of_cmdline(LOOPBACK_KEY "=yes", &params) && !net_params_of_cmdline(LOOPBACK_KEY "=reached " LOOPBACK_KEY "=reached", &params));
    CHECK(net_params_of_cmdline("quiet", &params) && params.search[0] == '\0');
    CHECK(net_params_of_cmdline(SEARCH_KEY "=corp.example,b.example,c", &params) && strcmp(params.search, "corp.example b.example c") == 0);
    CHECK(!net_params_of_cmdline(SEARCH_KEY "=", &params) && !net_params_of_cmdline(SEARCH_KEY "=a;b", &params) && !net_params_of_cmdline(SEARCH_KEY "=a " SEARCH_KEY "=a", &params));
    CHECK(net_params_of_cmdline("quiet", &params) && !params.restricted && params.host.s_addr == params.gateway.s_addr);
    CHECK(net_params_of_cmdline(NET_KEY "=192.168.65.3/24,192.168.65.1,192.168.65.2,192.168.65.4 " LOOPBACK_KEY "=reached " EGRESS_KEY "=gateway", &params));
    CHECK(params.restricted && params.netmask.s_addr == 0xffffffff && params.gateway.s_addr == htonl(0xc0a84101) && gateway_refused(&params));
    CHECK(params.names.s_addr == 0 && params.resolver.s_addr == htonl(0xcb0071fd) && params.host.s_addr == htonl(0xcb0071fc));
    CHECK(!net_params_of_cmdline(EGRESS_KEY "=open", &params) && !net_params_of_cmdline(EGRESS_KEY "=gateway " EGRESS_KEY "=gateway", &params));
    CHECK(net_params_of_cmdline("quiet", &params) && params.flows == FLOWS_DEFAULT && net_params_of_cmdline(FLOWS_KEY "=256", &params) && params.flows == 256);
    CHECK(!net_params_of_cmdline(FLOWS_KEY "=63", &params) && !net_params_of_cmdline(FLOWS_KEY "=", &params) && !net_params_of_cmdline(FLOWS_KEY "=256 " FLOWS_KEY "=256", &params));
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        CHECK(!parse_net_params(BAD[i], &params));
}

static void documents(void)
{
    size_t size = 7;

    CHECK(document_size("quiet bulkhead.policy-serial=3", "bulkhead.policy", &size) && size == 0);
    CHECK(document_size("bulkhead.policy=512 bulkhead.settings=8388608", "bulkhead.policy", &size) && size == 512);
    CHECK(document_size("bulkhead.policy=512 bulkhead.settings=8388608", "bulkhead.settings", &size) && size == 8388608);
    for (size_t i = 0; i < 6; i++) {
        static const char *const MALFORMED[] = {"bulkhead.policy=0", "bulkhead.policy=-1", "bulkhead.policy=8388609", "bulkhead.policy=5 bulkhead.policy=5",
                                                "bulkhead.policy=05", "bulkhead.policy=99999999999999999999"};
        CHECK(!document_size(MALFORMED[i], "bulkhead.policy", &size));
    }
}

static void program_options(void)
{
    char *vm[] = {"init"};
    char *native[] = {"init", "--native", "--phase-fd", "3", "--host-dir", "/run/bulkhead/host"};
    char *relative[] = {"init", "--native", "--host-dir", "host"};
    char *mixed[] = {"init", "--phase-fd", "3"};
    char *unknown[] = {"init", "single"};
    char *sealed[] = {"init", "--native", "--host-dir", "/x", "--shares-fd", "7", "--policy-fd", "9", "--settings-fd", "10", "--registry-fd", "11", "--authority-fd", "12", "--publishers-fd", "13"};
    char *foreign[] = {"init", "--policy-fd", "9"};
    char *standard[] = {"init", "--native", "--host-dir", "/x", "--phase-fd", "2"};
    char *reaching[] = {"init", "--native", "--host-dir", "/x", "--resolver", "203.0.113.253"};
    char *misled[] = {"init", "--native", "--host-dir", "/x", "--resolver", "203.0.113.253\nsearch x"};
    char *outside[] = {"init", "--resolver", "203.0.113.253"};
    struct options options;

    CHECK(parse_options(6, reaching, &options) && strcmp(options.resolver, "203.0.113.253") == 0);
    CHECK(!parse_options(5, reaching, &options) && !parse_options(6, misled, &options) && !parse_options(3, outside, &options));
    CHECK(parse_options(4, reaching, &options) && options.resolver == NULL);
    CHECK(parse_options(1, vm, &options) && !options.native && options.phase_descriptor == -1);
    CHECK(parse_options(6, native, &options) && options.native && options.phase_descriptor == 3 && strcmp(options.host_directory, "/run/bulkhead/host") == 0);
    CHECK(parse_options(2, native, &options) == false);
    CHECK(!parse_options(4, relative, &options));
    CHECK(!parse_options(3, mixed, &options));
    CHECK(!parse_options(2, unknown, &options));
    CHECK(!parse_options(6, standard, &options));
    CHECK(parse_options(14, sealed, &options) && options.kept[KEPT_SHARES] == 7 && options.kept[KEPT_AGENT] == -1 && options.kept[KEPT_POLICY] == 9 &&
          options.kept[KEPT_SETTINGS] == 10 && options.kept[KEPT_REGISTRY] == 11 && options.authority == 12);
    CHECK(options.kept[KEPT_PUBLISHERS] == -1 && parse_options(16, sealed, &options) && options.kept[KEPT_PUBLISHERS] == 13);
    CHECK(parse_options(12, sealed, &options) && options.authority == -1);
    CHECK(!parse_options(9, sealed, &options));
    CHECK(!parse_options(3, foreign, &options));
}

int main(void)
{
    values();
    verity_accepted();
    verity_refused();
    verity_tables();
    network();
    documents();
    program_options();
    puts("ok command line");
    return 0;
}
