import { defineErrors, ExitCode } from './definition.js';

/** Refusals of the container isolation rules. The text after "isolation:" is what `docker run` shows. */
export const isolationErrors = defineErrors({
  BH_ISOLATION_UNKNOWN_FIELD: {
    message:
      'enhanced container isolation: the container specification holds {field}, which rule known-fields does not know',
    remedy: 'Unknown settings are refused because nobody checked what they open. Ask your administrator.',
    exitCode: ExitCode.refused,
  },
});
