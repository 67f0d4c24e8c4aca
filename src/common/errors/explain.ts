import { defineErrors, ExitCode } from './definition.js';

/** Failures of `bulkhead explain`; what it finds out about a container is no failure. */
export const explainErrors = defineErrors({
  BH_EXPLAIN_COMMAND: {
    message: 'Only `docker run …` and `docker create …` can be explained, not `{command}`.',
    remedy:
      'Put the subcommand first: options before it (--host, --context) could make Docker ask another engine.',
    exitCode: ExitCode.usage,
  },
  BH_EXPLAIN_ENGINE: {
    message: 'The engine answered {request} with status {status}: {reason}',
    remedy: 'Read `bulkhead logs --service dockerd`; the last lines name the cause.',
    exitCode: ExitCode.unavailable,
  },
  BH_EXPLAIN_NO_CONTAINER: {
    message: 'There is no container {container}.',
    remedy: 'List them with `docker ps --all`.',
    exitCode: ExitCode.unavailable,
  },
  BH_EXPLAIN_NOT_CREATED: {
    message: 'The command asked for no container: {reason}',
    remedy: 'Correct the command line; Docker itself refused it.',
    exitCode: ExitCode.usage,
  },
  BH_EXPLAIN_NOT_STARTED: {
    message: 'What was decided about the container {container} is not known any more, or not yet.',
    remedy: 'Start it (again): decisions are kept from a start on, and lost when bulkheadd restarts.',
    exitCode: ExitCode.unavailable,
  },
  BH_EXPLAIN_ONLY: {
    message: 'This container was made by `bulkhead explain` to hear what would become of it.',
    remedy: 'It is never started, and removed at once.',
    exitCode: ExitCode.refused,
  },
});
