import { isOnLoopback, maskedProxy, proxyAddress } from '../../policy/index.js';

/** The host's own proxy, and what a person should hear of it. */
export interface FoundProxy {
  /** `http`, `https` and `exclude` of the setting `proxy`, those there are. */
  readonly proxy: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

/** Upper case first, as Go's httpproxy; curl knows the lower one alone. */
const names = { http: ['HTTP_PROXY', 'http_proxy'], https: ['HTTPS_PROXY', 'https_proxy'] } as const;

/**
 * The proxies of this machine: those of the environment `bulkhead` was started in, as every client of this machine takes them. The VM does without one that is on the
 * loopback of this machine: with it no request would get anywhere. A gateway of this machine reaches it.
 */
export function hostProxy(
  env: Readonly<Record<string, string | undefined>>,
  { loopback = 'unreached' }: { readonly loopback?: 'reached' | 'unreached' } = {},
): FoundProxy {
  const notes: string[] = [];
  const find = (kind: keyof typeof names): Record<string, string> => {
    const name = names[kind].find((each) => (env[each] ?? '') !== '');
    if (name === undefined) return {};
    const address = proxyAddress(env[name] ?? '');
    if (address === undefined) {
      // Without the value: it may hold a password.
      notes.push(`${name} of the environment is not the address of a proxy; the engine does without.`);
      return {};
    }
    if (loopback === 'unreached' && isOnLoopback(address)) {
      notes.push(
        `${maskedProxy(address)} (${name}) is on the loopback of this machine, which the VM does not reach; the engine does without.`,
      );
      return {};
    }
    return { [kind]: address };
  };
  const found = { ...find('http'), ...find('https') };
  const exclude = (env['NO_PROXY'] ?? '') === '' ? env['no_proxy'] : env['NO_PROXY'];
  if (Object.keys(found).length === 0 || exclude === undefined || exclude === '')
    return { proxy: found, notes };
  return { proxy: { ...found, exclude: listed(exclude) }, notes };
}

/** What the settings take; a port or a pattern they do not know is nothing a request could match. */
function listed(exclude: string): string {
  return exclude
    .split(/[\s,]+/)
    .filter((item) => /^[\w.*:/[\]-]+$/.test(item))
    .join(',');
}
