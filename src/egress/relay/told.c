#include "told.h"

#include <string.h>
#include <sys/random.h>

static uint64_t key[2];

bool told_begin(void)
{
    return getrandom(key, sizeof(key), 0) == (ssize_t)sizeof(key);
}

static uint64_t turned(uint64_t value, unsigned int by)
{
    return value << by | value >> (64 - by);
}

static void mix(uint64_t v[4], int rounds)
{
    while (rounds-- > 0) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = turned(v[1], 13) ^ v[0];
        v[3] = turned(v[3], 16) ^ v[2];
        v[0] = turned(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = turned(v[1], 17) ^ v[2];
        v[3] = turned(v[3], 21) ^ v[0];
        v[2] = turned(v[2], 32);
    }
}

/* SipHash-2-4: who does not know the key makes no two beginnings with one sum. */
static uint64_t sum_of(const char *bytes, size_t length)
{
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575U, key[1] ^ 0x646f72616e646f6dU, key[0] ^ 0x6c7967656e657261U, key[1] ^ 0x7465646279746573U};

    for (size_t at = 0; at <= length; at += sizeof(uint64_t)) {
        const size_t left = length - at;
        uint64_t word = 0;
        memcpy(&word, bytes + at, left < sizeof(word) ? left : sizeof(word));
        if (left < sizeof(word))
            word |= (uint64_t)length << 56;
        v[3] ^= word;
        mix(v, 2);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    mix(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static size_t block_at(uint32_t length, uint32_t at)
{
    return length - at < TOLD_BLOCK ? length - at : TOLD_BLOCK;
}

void told_remember(struct told *told, const char *bytes, size_t length)
{
    told->length = (uint32_t)(length < TOLD_MOST ? length : TOLD_MOST);
    told->passed = 0;
    for (uint32_t at = 0; at < told->length; at += TOLD_BLOCK)
        told->sums[at / TOLD_BLOCK] = sum_of(bytes + at, block_at(told->length, at));
}

size_t told_next(const struct told *told)
{
    return block_at(told->length, told->passed);
}

bool told_pass(struct told *told, const char *bytes)
{
    const size_t length = told_next(told);

    if (sum_of(bytes, length) != told->sums[told->passed / TOLD_BLOCK])
        return false;
    told->passed += (uint32_t)length;
    return true;
}
