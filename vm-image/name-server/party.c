#include "party.h"

#include <stdint.h>

#define SMALL_NETWORKS 0xc0a80000U /* 192.168.0.0/16 is given out in parts of /20 */
#define HALF 0xffff0000U

size_t party_of(struct in_addr client, struct in_addr vm)
{
    const uint32_t address = ntohl(client.s_addr);

    if (client.s_addr == vm.s_addr)
        return PARTY_VM;
    /* by numbers that are no network's: none begins with 0.0 to 0.15 */
    return (address & HALF) == SMALL_NETWORKS ? (address >> 12) & 0xf : address >> 16;
}
