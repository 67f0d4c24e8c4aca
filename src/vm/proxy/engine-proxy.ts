import type { EffectiveSettings } from '../../policy/index.js';
import { hostProxy } from './host-proxy.js';

/**
 * The proxies of the engine (`proxy`), for the gateway that makes its requests on this machine, by the names they have in settings.
 *
 * @param env of the person who starts the engine: its proxies are the host's.
 */
export function engineProxy(
  { proxy: { value } }: Pick<EffectiveSettings, 'proxy'>,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const { mode, http, https, exclude } = value;
  if (mode === 'system') return hostProxy(env, { loopback: 'reached' }).proxy;
  return {
    ...(http === undefined ? {} : { http }),
    ...(https === undefined ? {} : { https }),
    exclude: exclude.join(','),
  };
}
