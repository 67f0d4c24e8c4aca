import { defineErrors, ExitCode } from './definition.js';

/** Failures of native mode, the engine without a VM. */
export const nativeErrors = defineErrors({
  BH_NATIVE_ROOT: {
    message: 'The engine without a VM needs root: it makes namespaces, mounts and cgroups on this machine.',
    remedy:
      'Run `sudo env "PATH=$PATH" bulkhead engine`, or use the VM, which needs no rights: `bulkhead up`.',
    exitCode: ExitCode.refused,
  },
  BH_NATIVE_START: {
    message: 'The engine without a VM did not start: {reason}.',
    remedy: 'Nothing of it is left running. If a kernel feature is named, use the VM instead: `bulkhead up`.',
    exitCode: ExitCode.unavailable,
  },
});
