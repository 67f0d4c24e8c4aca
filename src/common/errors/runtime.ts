import { defineErrors, ExitCode } from './definition.js';

/** Failures between the front door (the program installed as `runc`) and bulkheadd. */
export const runtimeErrors = defineErrors({
  BH_RUNTIME_DEADLINE: {
    message: 'the container was not made: no decision about it within {seconds} seconds',
    remedy: 'Look for the cause with `bulkhead logs --service bulkheadd`, then try again.',
    exitCode: ExitCode.temporary,
  },
  BH_RUNTIME_IDS_EXHAUSTED: {
    message:
      'the container was not made: no {size} user ids in a row are free for it ({held} ranges are held by containers)',
    setting: 'bulkhead.idsPerContainer',
    remedy: 'Every container owns its ids exclusively; remove containers that are no longer needed.',
    exitCode: ExitCode.temporary,
  },
  BH_RUNTIME_IDS_GONE: {
    message:
      'the container was not made: the container whose namespaces it joins (ids from {base}) has ended meanwhile',
    remedy: 'Start the other container first.',
    exitCode: ExitCode.temporary,
  },
  BH_RUNTIME_IDS_STATE: {
    message: 'the container was not made: its user ids could not be recorded ({reason})',
    remedy: 'Check that /run/bulkhead/ids can be written and has space.',
    exitCode: ExitCode.failure,
  },
  BH_RUNTIME_INTERNAL: {
    message: 'the container was not made: deciding about it failed inside bulkheadd ({reason})',
    remedy: 'This is a defect of Bulkhead; please report it with `bulkhead logs --service bulkheadd`.',
    exitCode: ExitCode.internal,
  },
  BH_RUNTIME_PROTOCOL: {
    message: 'the container was not made: front door and bulkheadd do not understand each other ({reason})',
    remedy: 'They may come from different builds; rebuild the image with `bulkhead image build`.',
    exitCode: ExitCode.badData,
  },
});
