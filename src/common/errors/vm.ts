import { defineErrors, ExitCode } from './definition.js';

/** Failures of the host-side controller: QEMU, disks, lifecycle. */
export const vmErrors = defineErrors({
  BH_QEMU_MISSING: {
    message: 'QEMU was not found ({binary}).',
    remedy: 'Run `make setup`, or install QEMU 8.2 or newer and put it on PATH.',
    exitCode: ExitCode.unavailable,
  },
});
