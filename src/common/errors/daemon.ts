import { defineErrors, ExitCode } from './definition.js';

/** Failures inside bulkheadd: boot order, engine supervision, power-off. */
export const daemonErrors = defineErrors({
  BH_ENGINE_START: {
    message: 'The container engine did not start: {reason}.',
    remedy: 'Read `bulkhead logs --service dockerd`; the last lines name the cause.',
    exitCode: ExitCode.unavailable,
  },
});
