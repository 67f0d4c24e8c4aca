import { z } from 'zod';
import { join } from 'node:path';
import { instancePaths } from '../../../vm/instance/paths.js';
import { contextName } from '../../docker-context/context-name.js';
import { openToOthers } from '../../docker-context/open-to-others.js';
import { type Check, ok, warning } from '../check.js';

const deadlineMs = 10_000;

interface Facts {
  readonly name: string;
  /** What the Docker client would talk to now; undefined where none is there, or it does not say. */
  readonly current: { readonly context: string; readonly host: string } | undefined;
  /** DOCKER_HOST, which comes before every context; undefined where it is not set. */
  readonly variable: string | undefined;
  /** The addresses of this instance, in its VM and in native mode. */
  readonly own: readonly [string, string];
  /** Whether an engine without a VM has its socket there: no context is made of those. */
  readonly native: boolean;
  /** Where others could put a socket in the place of this instance's, so that no context is made. */
  readonly openTo: string | undefined;
}

const contextSchema = z
  .array(z.object({ Name: z.string(), Endpoints: z.object({ docker: z.object({ Host: z.string() }) }) }))
  .length(1);

/** The client itself is asked, because which of its variables, options and files counts is its own affair. */
export const dockerEndpointCheck: Check<Facts> = {
  name: 'docker host',
  async gather({ machine, env, name }) {
    const { dockerSocket, runtimeDir } = instancePaths(name);
    const nativeSocket = join(runtimeDir, 'engine', 'docker.sock');
    const result = await machine.exec
      .run('docker', ['context', 'inspect'], { timeoutMs: deadlineMs })
      .catch(() => undefined);
    const parsed = contextSchema.safeParse(result?.exitCode === 0 ? parseJson(result.stdout) : undefined);
    const context = parsed.success ? parsed.data[0] : undefined;
    const variable = env['DOCKER_HOST'];
    return {
      name,
      current:
        context === undefined ? undefined : { context: context.Name, host: context.Endpoints.docker.Host },
      variable: variable === '' ? undefined : variable,
      own: [`unix://${dockerSocket}`, `unix://${nativeSocket}`],
      native: (await machine.facts(nativeSocket)) !== undefined,
      openTo: await openToOthers(dockerSocket),
    };
  },
  judge({ name, current, variable, own, native, openTo }) {
    const option = name === 'default' ? '' : ` --name ${name}`;
    const here = `\`eval "$(bulkhead env${option})"\``;
    const host = current?.host ?? variable;
    if (host === undefined) return [ok('there is no Docker client to ask where it leads')];
    if (own.includes(host) && variable === undefined && openTo !== undefined)
      return [
        warning(
          `the context ${current?.context ?? contextName(name)} leads to ${host}, and other users may write to ${openTo}: once it is gone they could put a socket of theirs there`,
          `\`docker context use default\`, then \`docker context rm ${contextName(name)}\`, and ${here}; or let XDG_RUNTIME_DIR name another directory.`,
        ),
      ];
    if (own.includes(host)) return [ok(`docker leads to this instance (${host})`)];
    const where = variable ?? `${host} (context ${current?.context ?? 'default'})`;
    if (native) return [warning(`docker leads elsewhere: ${where}`, `\`export DOCKER_HOST=${own[1]}\`.`)];
    if (openTo !== undefined)
      return [
        warning(
          `docker leads elsewhere: ${where}`,
          `${here} in this shell. No context is made, as other users may write to ${openTo}: for one let XDG_RUNTIME_DIR name another directory.`,
        ),
      ];
    if (variable !== undefined)
      return [
        warning(
          `DOCKER_HOST leads docker elsewhere: ${variable}`,
          `${here}, or \`unset DOCKER_HOST\` and \`docker context use ${contextName(name)}\`.`,
        ),
      ];
    return [
      warning(
        `docker leads elsewhere: ${where}`,
        `${here} in this shell, or for good \`docker context use ${contextName(name)}\`.`,
      ),
    ];
  },
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
