import { defineErrors, ExitCode } from './definition.js';

/** Failures of the byte stream between the host and the VM. */
export const channelErrors = defineErrors({
  BH_CHANNEL_VERSION: {
    message: 'The control channel of the VM speaks version {guest}, this controller speaks version {host}.',
    remedy: 'Rebuild the VM image with `bulkhead image build` and start it again.',
    exitCode: ExitCode.unavailable,
  },
});
