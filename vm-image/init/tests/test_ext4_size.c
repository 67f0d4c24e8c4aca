/* The size of a file system, from the superblock that mke2fs wrote; tests beside this one mount real ones. */
#include <string.h>

#include "check.h"
#include "ext4_size.h"

int main(void)
{
    unsigned char super[EXT4_SUPER_LENGTH] = {0};
    struct ext4_size size;

    CHECK(!ext4_size_of(super, &size));
    super[0x38] = 0x53;
    super[0x39] = 0xEF;
    super[0x18] = 2; /* 4 KiB */
    super[0x05] = 0x40; /* 16384 blocks */
    super[0x150] = 1;
    CHECK(ext4_size_of(super, &size) && size.block_bytes == 4096 && size.blocks == 16384);
    super[0x60] = 0x80; /* 64bit: now the high half counts */
    CHECK(ext4_size_of(super, &size) && size.blocks == (1ULL << 32) + 16384);
    super[0x18] = 7;
    CHECK(!ext4_size_of(super, &size));

    size = (struct ext4_size){.blocks = 100, .block_bytes = 4096};
    CHECK(ext4_blocks_on(&size, 100 * 4096) == 100);
    CHECK(ext4_blocks_on(&size, 100 * 4096 + 4095) == 100);
    CHECK(ext4_blocks_on(&size, 101 * 4096) == 101);
    CHECK(ext4_blocks_on(&size, 99 * 4096) == 100); /* never smaller */
    puts("ok ext4_size");
    return 0;
}
