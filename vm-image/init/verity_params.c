#include "verity_params.h"

#include <string.h>

#include "cmdline.h"
#include "fields.h"

#define VALUE_LIMIT 1024
#define TABLE_LIMIT 2048
#define BLOCK_SIZE_MIN 512
#define BLOCK_SIZE_MAX 4096 /* the page size: larger blocks cannot be mounted */

static bool parse_block_size(const char *text, uint32_t *size)
{
    uint64_t number;

    if (!parse_decimal(text, BLOCK_SIZE_MIN, BLOCK_SIZE_MAX, &number) || (number & (number - 1)) != 0)
        return false;
    *size = (uint32_t)number;
    return true;
}

static bool is_salt(const char *text)
{
    size_t length = strlen(text);

    return strcmp(text, "-") == 0 || (length > 0 && length % 2 == 0 && length <= VERITY_SALT_LIMIT && is_lower_hex(text, length));
}

bool parse_verity_params(const char *text, struct verity_params *params)
{
    char copy[VALUE_LIMIT];
    char *fields[6];
    /* the kernel counts 512-byte sectors in 64 bits */
    const uint64_t blocks_max = UINT64_MAX / BLOCK_SIZE_MAX;

    if (strlen(text) >= sizeof(copy))
        return false;
    strcpy(copy, text);
    if (split_fields(copy, ',', fields, 6) != 6)
        return false;
    if (strcmp(fields[0], "sha256") != 0 || !parse_block_size(fields[1], &params->data_block_size) ||
        !parse_block_size(fields[2], &params->hash_block_size) || !parse_decimal(fields[3], 1, blocks_max, &params->data_blocks) ||
        !is_salt(fields[4]) || !is_lower_hex(fields[5], VERITY_DIGEST_LENGTH))
        return false;
    strcpy(params->algorithm, fields[0]);
    strcpy(params->salt, fields[4]);
    strcpy(params->root_hash, fields[5]);
    return true;
}

bool verity_params_of_cmdline(const char *cmdline, struct verity_params *params)
{
    char value[VALUE_LIMIT];

    return cmdline_value(cmdline, VERITY_KEY, value, sizeof(value)) == CMDLINE_OK && parse_verity_params(value, params);
}

static bool stops_on_corruption(char **options, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(options[i], "panic_on_corruption") == 0)
            return true;
    return false;
}

bool verity_table_matches(const char *table, const struct verity_params *params)
{
    enum { VERSION, DATA, HASH, DATA_BLOCK_SIZE, HASH_BLOCK_SIZE, BLOCKS, HASH_START, ALGORITHM, DIGEST, SALT, OPTION_COUNT, OPTIONS, LIMIT = 32 };
    char copy[TABLE_LIMIT];
    char *fields[LIMIT];
    uint64_t data_block_size, hash_block_size, blocks;

    if (strlen(table) >= sizeof(copy))
        return false;
    strcpy(copy, table);
    size_t count = split_fields(copy, ' ', fields, LIMIT);
    if (count <= OPTIONS || count > LIMIT)
        return false;
    return strcmp(fields[VERSION], "1") == 0 && parse_decimal(fields[DATA_BLOCK_SIZE], 0, UINT32_MAX, &data_block_size) &&
           data_block_size == params->data_block_size && parse_decimal(fields[HASH_BLOCK_SIZE], 0, UINT32_MAX, &hash_block_size) &&
           hash_block_size == params->hash_block_size && parse_decimal(fields[BLOCKS], 0, UINT64_MAX, &blocks) && blocks == params->data_blocks &&
           strcmp(fields[ALGORITHM], params->algorithm) == 0 && strcmp(fields[DIGEST], params->root_hash) == 0 &&
           strcmp(fields[SALT], params->salt) == 0 && stops_on_corruption(fields + OPTIONS, count - OPTIONS);
}
