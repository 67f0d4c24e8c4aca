#include "ext4_size.h"

/* Offsets in the superblock; all numbers are little-endian. */
#define BLOCKS_LOW 0x04
#define LOG_BLOCK_SIZE 0x18
#define MAGIC 0x38
#define INCOMPATIBLE 0x60
#define BLOCKS_HIGH 0x150
#define FEATURE_64BIT 0x80
#define LARGEST_LOG_BLOCK_SIZE 6 /* 64 KiB */

static uint32_t little32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

bool ext4_size_of(const unsigned char *super, struct ext4_size *size)
{
    uint32_t log = little32(super + LOG_BLOCK_SIZE);

    if (super[MAGIC] != 0x53 || super[MAGIC + 1] != 0xEF || log > LARGEST_LOG_BLOCK_SIZE)
        return false;
    size->block_bytes = 1024U << log;
    size->blocks = little32(super + BLOCKS_LOW);
    if ((little32(super + INCOMPATIBLE) & FEATURE_64BIT) != 0)
        size->blocks |= (uint64_t)little32(super + BLOCKS_HIGH) << 32;
    return true;
}

uint64_t ext4_blocks_on(const struct ext4_size *size, uint64_t device_bytes)
{
    uint64_t blocks = device_bytes / size->block_bytes;

    return blocks > size->blocks ? blocks : size->blocks;
}
