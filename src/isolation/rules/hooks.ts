import type { Hook } from '../../oci/hooks.js';
import type { Rule } from '../draft.js';
import { refuse } from '../refuse.js';
import type { EngineFacts } from '../request.js';

const name = 'hooks';

/**
 * Threat: hooks run as root of the VM. CDI devices and containerd plug-ins bring their own. One is known: dockerd (for
 * BuildKit, and before 26 for containers) runs itself again to attach the network to the new namespace.
 */
export const hooksRule: Rule = {
  name,
  why: 'hooks run as root of the VM',
  apply(draft, { engine, policy }) {
    for (const [kind, hooks] of Object.entries(draft.spec.hooks ?? {})) {
      for (const hook of hooks ?? []) {
        if (kind !== 'prestart' || !isSetKey(hook, engine))
          refuse('BH_ISOLATION_HOOK', name, policy, { kind, path: hook.path });
      }
    }
    return draft;
  },
};

function isSetKey({ path, args = [], env = [] }: Hook, engine: EngineFacts): boolean {
  const [verb, execRoot, sandbox = '', controller = '', ...more] = args;
  return (
    /^\/proc\/[1-9]\d*\/exe$/.test(path) &&
    env.length === 0 &&
    verb === 'libnetwork-setkey' &&
    execRoot === `-exec-root=${engine.execRoot}` &&
    /^[a-z0-9]{1,64}$/.test(sandbox) &&
    /^[a-f0-9]{1,64}$/.test(controller) &&
    more.length === 0
  );
}
