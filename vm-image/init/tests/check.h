#ifndef BULKHEAD_CHECK_H
#define BULKHEAD_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/** Ends the test with the place and the expression when `condition` is false. */
#define CHECK(condition)                                                                \
    do {                                                                                \
        if (!(condition)) {                                                             \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);   \
            _exit(EXIT_FAILURE);                                                        \
        }                                                                               \
    } while (0)

#endif
