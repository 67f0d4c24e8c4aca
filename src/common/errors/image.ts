import { defineErrors, ExitCode } from './definition.js';

/** Failures while building or verifying the VM image. */
export const imageErrors = defineErrors({
  BH_IMAGE_CORRUPT: {
    message: 'The VM image file {file} is not the one its manifest describes: {reason}.',
    remedy: 'Nothing was booted. Rebuild it with `bulkhead image build --force`.',
    exitCode: ExitCode.badData,
  },
});
