#ifndef BULKHEAD_POWER_OFF_H
#define BULKHEAD_POWER_OFF_H

/**
 * Ends every other process: SIGTERM, after at most 2 s SIGKILL. In native mode that is all. In the VM the data disk is then unmounted
 * (at worst made read-only) and the machine powered off, at most 14 s after the call even when a file system hangs; it does not return then.
 */
void end_processes(void);
_Noreturn void power_off(void);

#endif
