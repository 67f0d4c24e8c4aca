import { basename } from 'node:path';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';

/**
 * The command line to run so that the Docker CLI sends its request to us. Options in front of the subcommand are refused:
 * one of them names another engine, and the command would really be carried out there.
 *
 * Throws `BH_EXPLAIN_COMMAND`.
 */
export function dockerCommand(words: readonly string[]): readonly [string, ...string[]] {
  const [file = '', ...args] = words;
  const [first, second] = args;
  const verb = first === 'container' ? second : first;
  if (!/^docker(\.exe)?$/.test(basename(file)) || (verb !== 'run' && verb !== 'create'))
    throw new BulkheadError('BH_EXPLAIN_COMMAND', { command: words.slice(0, 3).join(' ') });
  return [file, ...args];
}

/** The caller's environment without what would lead the Docker CLI past us. */
export function dockerEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  socket: string,
): Record<string, string> {
  const elsewhere = new Set(['DOCKER_CONTEXT', 'DOCKER_TLS', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH']);
  const kept = Object.entries(env).flatMap(([name, value]): [string, string][] =>
    value === undefined || elsewhere.has(name) ? [] : [[name, value]],
  );
  return { ...Object.fromEntries(kept), DOCKER_HOST: `unix://${socket}` };
}
