#ifndef BULKHEAD_SYSCTLS_H
#define BULKHEAD_SYSCTLS_H

#include <stdbool.h>

/** Sets the kernel settings of the VM. One that the kernel refuses is logged. */
void set_sysctls(void);

/**
 * Ends module loading for the life of this kernel: by request_module and by anybody with CAP_SYS_MODULE. A container that reached
 * root in the VM could otherwise bring its own kernel code. False with errno.
 */
bool close_module_loading(void);

#endif
