#ifndef BULKHEAD_VERITY_PARAMS_H
#define BULKHEAD_VERITY_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#define VERITY_KEY "bulkhead.verity"
#define VERITY_DIGEST_LENGTH 64
#define VERITY_SALT_LIMIT 512

/** What the controller says the root is: the only input that the trust in the root rests on. */
struct verity_params {
    char algorithm[8];
    uint32_t data_block_size; /* bytes */
    uint32_t hash_block_size; /* bytes */
    uint64_t data_blocks;
    char salt[VERITY_SALT_LIMIT + 1]; /* hexadecimal, or "-" for none, as in the kernel's table line */
    char root_hash[VERITY_DIGEST_LENGTH + 1];
};

/** Reads `<algorithm>,<dataBlockSize>,<hashBlockSize>,<dataBlocks>,<salt>,<rootHash>`; anything else is false. Only sha256 is accepted. */
bool parse_verity_params(const char *text, struct verity_params *params);

/** Finds and reads VERITY_KEY in a kernel command line; false when absent, repeated or malformed. */
bool verity_params_of_cmdline(const char *cmdline, struct verity_params *params);

/**
 * True when `table`, the parameter string of a live `verity` target (Documentation/admin-guide/device-mapper/verity.rst), describes
 * the root `params` asks for and stops the machine on corruption. The two device fields and the hash start are not compared: whatever they are, the root hash decides.
 */
bool verity_table_matches(const char *table, const struct verity_params *params);

#endif
