import { defineErrors, ExitCode } from './definition.js';

/** Failures of the byte stream between the host and the VM, and of the sockets it is offered on. */
export const channelErrors = defineErrors({
  BH_CHANNEL_ABORTED: {
    message: 'A connection through the control channel was cut before its end.',
    remedy: 'Repeat the command; when it fails again, read `bulkhead logs`.',
    exitCode: ExitCode.temporary,
  },
  BH_CHANNEL_CLOSED: {
    message: 'The control channel of the VM is closed.',
    remedy: 'See `bulkhead status`; when the VM is running the channel comes back by itself.',
    exitCode: ExitCode.unavailable,
  },
  BH_CHANNEL_REPLY: {
    message: 'The daemon in the VM answered {request} with status {status}.',
    remedy: 'Read `bulkhead logs --service bulkheadd`; the last lines name the cause.',
    exitCode: ExitCode.unavailable,
  },
  BH_CHANNEL_TIMEOUT: {
    message: 'The control channel of the VM was not ready after {ms} ms.',
    remedy: 'See `bulkhead status` for the boot phase the VM has reached.',
    exitCode: ExitCode.temporary,
  },
  BH_CHANNEL_UNRESPONSIVE: {
    message: 'The daemon in the VM has not answered a liveness check for {ms} ms.',
    remedy: 'The machine may be overloaded; when it stays so, run `bulkhead down` and `bulkhead up`.',
    exitCode: ExitCode.temporary,
  },
  BH_CHANNEL_VERSION: {
    message: 'The control channel of the VM speaks version {guest}, this controller speaks version {host}.',
    remedy: 'Rebuild the VM image with `bulkhead image build` and start it again.',
    exitCode: ExitCode.unavailable,
  },
  BH_SOCKET_PATH: {
    message: 'The socket {path} cannot be made: {reason}.',
    remedy: 'Choose another path, of at most 107 bytes, where no other file stands.',
    exitCode: ExitCode.configuration,
  },
  BH_SOCKET_TAKEN: {
    message: 'Another process already listens on {path}.',
    remedy: 'Stop it (`bulkhead status` lists the running instances), or start this one under another name.',
    exitCode: ExitCode.unavailable,
  },
});
