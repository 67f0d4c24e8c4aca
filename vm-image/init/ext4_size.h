#ifndef BULKHEAD_EXT4_SIZE_H
#define BULKHEAD_EXT4_SIZE_H

#include <stdbool.h>
#include <stdint.h>

#define EXT4_SUPER_OFFSET 1024
#define EXT4_SUPER_LENGTH 1024

struct ext4_size {
    uint64_t blocks;
    uint32_t block_bytes;
};

/** Reads the size of a file system from its superblock (EXT4_SUPER_LENGTH bytes; fs/ext4/ext4.h, struct ext4_super_block). False when it is none of ext4's. */
bool ext4_size_of(const unsigned char *super, struct ext4_size *size);

/** How many blocks it could have on a device of so many bytes; its own number when it cannot grow. */
uint64_t ext4_blocks_on(const struct ext4_size *size, uint64_t device_bytes);

#endif
