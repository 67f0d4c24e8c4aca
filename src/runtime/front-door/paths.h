#pragma once

/*
 * Fixed at build time (tests pass -D). Never taken from the environment: whoever can set the environment of the
 * engine's children must not be able to choose who decides about containers.
 */
#ifndef BH_RUN_DIRECTORY
#define BH_RUN_DIRECTORY "/run/bulkhead"
#endif
#ifndef BH_REAL_RUNC
#define BH_REAL_RUNC "/usr/lib/bulkhead/runc"
#endif
#ifndef BH_DEADLINE_MS
/* After a boot front doors wait for bulkheadd, which under TCG takes 11 s to start, and several times that on a busy host. */
#define BH_DEADLINE_MS 60000
#endif

#define BH_SOCKET BH_RUN_DIRECTORY "/runtime.sock"
#define BH_STAGE BH_RUN_DIRECTORY "/stage"
#define BH_ROOTFS BH_RUN_DIRECTORY "/rootfs"
