#ifndef BULKHEAD_DOCUMENT_DISKS_H
#define BULKHEAD_DOCUMENT_DISKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service_table.h"

/** Bytes; as `largestPolicy` of src/policy/read-settings.ts, which refuses one of more. */
#define DOCUMENT_LIMIT (8 << 20)

/** What the kernel command line says of the document with this key: 0, none; else its bytes. False when the key is repeated or malformed. */
bool document_size(const char *cmdline, const char *key, size_t *size);

/**
 * Reads each document that `cmdline` announces from its disk into a sealed file in memory, its descriptor to `kept`, and that of whose certificates the engine is to trust
 * (identity.h) to `authority`. From then on whoever changes the disk, or takes it away, changes nothing: bulkheadd reads the same after each restart. A disk that is not announced is ignored: the
 * command line is the controller's, and so is the disk. One that is announced and missing at `deadline` (uptime_ms), or too small, is a failure: false,
 * and `detail` (160 bytes) says what.
 */
bool keep_documents(const char *cmdline, int64_t deadline, int kept[KEPT_COUNT], int *authority, char *detail);

#endif
