import { systemExec } from '../../common/exec.js';
import type { CliContext } from '../context.js';
import { type ContextRequest, keepContext } from './keep-context.js';

/**
 * Keeps the Docker context of an instance and says what a person has to know of it: how to use it, or why it is not there.
 *
 * @returns the line that says how Docker is used, without its end.
 */
export async function tellContext(
  { env, reporter }: Pick<CliContext, 'env' | 'reporter'>,
  request: ContextRequest,
): Promise<string> {
  const option = request.instance === 'default' ? '' : ` --name ${request.instance}`;
  const byVariable = `eval "$(bulkhead env${option})"`;
  const outcome = await keepContext(systemExec, env, request);
  switch (outcome.kind) {
    case 'kept':
      if (outcome.used) return `Docker's context is now ${outcome.context}.${overruled(env)}`;
      return `Use it with  ${byVariable}   or   docker context use ${outcome.context}`;
    case 'no-client':
      if (request.use) reporter.warn('There is no Docker client on PATH, so no context was made.');
      return `Use it with  ${byVariable}`;
    case 'foreign':
      reporter.warn(
        `Docker's context ${outcome.context} leads to ${outcome.host} and was not made by Bulkhead; it was left as it is.`,
      );
      return `Use it with  ${byVariable}`;
    case 'failed':
      reporter.warn(`Docker's context ${outcome.context} was not made: ${outcome.reason}`);
      return `Use it with  ${byVariable}`;
  }
}

/** The client goes by these before any context. */
function overruled(env: CliContext['env']): string {
  const set = ['DOCKER_HOST', 'DOCKER_CONTEXT'].filter((name) => (env[name] ?? '') !== '');
  return set.length === 0 ? '' : ` In this shell ${set.join(' and ')} comes before it: unset it.`;
}
