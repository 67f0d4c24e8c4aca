import { dirname } from 'node:path';
import { systemExec } from '../../common/exec.js';
import type { CliContext } from '../context.js';
import { type ContextRequest, keepContext } from './keep-context.js';
import { keptByOther } from './kept-by-other.js';
import { openToOthers } from './open-to-others.js';

/**
 * Keeps the Docker context of an instance and says what a person has to know of it: how to use it, or why it is not there.
 *
 * @returns the line that says how Docker is used, without its end.
 */
export async function tellContext(
  { env, reporter }: Pick<CliContext, 'env' | 'reporter'>,
  request: Omit<ContextRequest, 'isOpen'>,
): Promise<string> {
  const option = request.instance === 'default' ? '' : ` --name ${request.instance}`;
  const byVariable = `eval "$(bulkhead env${option})"`;
  const socket = request.dockerHost.replace(/^unix:\/\//, '');
  const other = await keptByOther(env).catch(() => undefined);
  if (other !== undefined) {
    reporter.warn(
      `No Docker context was made: the Docker client would keep it below ${other.path}, and ${other.path} belongs to user ${other.owner}. Let HOME (\`sudo -H\`) or DOCKER_CONFIG name a directory of root's.`,
    );
    return `Use it with  ${byVariable}`;
  }
  // What can't be looked at is not known to be closed.
  const directory = await openToOthers(socket).catch(() => dirname(socket));
  const outcome = await keepContext(systemExec, env, { ...request, isOpen: directory !== undefined });
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
    case 'open':
      reporter.warn(
        `No Docker context was made: other users may write to ${directory}, and could put a socket of theirs in the place of this one once it is gone. Let XDG_RUNTIME_DIR name a directory that only you can enter, in one that only you or root may write to, then \`bulkhead down${option}\` and \`bulkhead up${option}\`.`,
      );
      if (outcome.left !== undefined)
        reporter.warn(
          `Docker's context ${outcome.context} leads there still and was not removed: ${outcome.left}. \`docker context use default\`, then \`docker context rm ${outcome.context}\`.`,
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
