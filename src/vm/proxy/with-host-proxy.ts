import { type EffectiveSettings, isOnLoopback, type JsonObject, maskedProxy } from '../../policy/index.js';
import { hostProxy } from './host-proxy.js';

export interface HandedOn {
  /** The user's settings as the engine is to read them; the one that was given where nothing is to be added. */
  readonly document: JsonObject;
  readonly notes: readonly string[];
}

/**
 * Puts the host's own proxy into the user's settings, where the setting `proxy` says `system`. bulkheadd could not know it otherwise; what policy and user have said of it is
 * decided there once more.
 *
 * @param document the user's settings, as in the file.
 */
export function withHostProxy(
  document: JsonObject,
  { proxy: { value, source } }: Pick<EffectiveSettings, 'proxy'>,
  env: Readonly<Record<string, string | undefined>>,
): HandedOn {
  if (value.mode === 'manual') {
    const unreached = [value.http, value.https].filter(
      (address) => address !== undefined && isOnLoopback(address),
    );
    return {
      document,
      notes: [...new Set(unreached)].map(
        (address = '') =>
          `${maskedProxy(address)} (proxy; ${source}) is on the loopback of this machine, which the VM does not reach: the engine gets nothing by it.`,
      ),
    };
  }
  const { proxy, notes } = hostProxy(env);
  // What a user has said of it goes: addresses of their own are not the host's.
  const unsaid = document['proxy'] === undefined && Object.keys(proxy).length === 0;
  return { document: unsaid ? document : { ...document, proxy: { mode: 'system', ...proxy } }, notes };
}
