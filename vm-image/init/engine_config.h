#ifndef BULKHEAD_ENGINE_CONFIG_H
#define BULKHEAD_ENGINE_CONFIG_H

#include <stdbool.h>

/** Where dockerd reads its configuration from; bulkheadd may change this copy, which a reboot forgets. */
#define ENGINE_CONFIG "/run/bulkhead/engine/dockerd.json"

/** Copies dockerd's configuration out of the read-only root to ENGINE_CONFIG, mode 0600; false with errno. */
bool copy_engine_config(const char *source);

#endif
