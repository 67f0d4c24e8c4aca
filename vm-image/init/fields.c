#include "fields.h"

#include <string.h>

size_t split_fields(char *text, char separator, char **fields, size_t limit)
{
    size_t count = 0;

    for (char *field = text; field != NULL; count++) {
        if (count == limit)
            return limit + 1;
        fields[count] = field;
        field = strchr(field, separator);
        if (field != NULL)
            *field++ = '\0';
    }
    return count;
}

bool parse_decimal(const char *text, uint64_t low, uint64_t high, uint64_t *number)
{
    uint64_t value = 0;

    if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
        return false;
    for (const char *digit = text; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9')
            return false;
        uint64_t add = (uint64_t)(*digit - '0');
        if (value > (UINT64_MAX - add) / 10)
            return false;
        value = value * 10 + add;
    }
    if (value < low || value > high)
        return false;
    *number = value;
    return true;
}

bool is_lower_hex(const char *text, size_t length)
{
    return strlen(text) == length && strspn(text, "0123456789abcdef") == length;
}
