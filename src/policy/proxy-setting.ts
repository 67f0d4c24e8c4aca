import { z } from 'zod';
import type { Effective } from './effective-settings.js';
import { maskedProxy, proxyAddress } from './proxy-address.js';

/** Where the engine's requests go. */
export interface ProxyAddresses {
  /** As `proxyAddress` gives them; undefined for none. */
  readonly http?: string | undefined;
  readonly https?: string | undefined;
  /** Names, addresses and networks that are asked without a proxy, as Go's httpproxy reads NO_PROXY. */
  readonly exclude: readonly string[];
}

/** `system`: what the host says of itself; `manual`: what stands here. */
export type ProxySetting = ProxyAddresses & { readonly mode: 'system' | 'manual' };

const address = z
  .string()
  .refine(
    (text) => text === '' || proxyAddress(text) !== undefined,
    'not the address of a proxy, as http://proxy.example:3128',
  )
  .optional();

/** `a,b` in Docker's prose, an array in its examples. */
const excluded = z
  .union([z.string(), z.array(z.string())])
  .refine(
    (list) => itemsOf(list).every((item) => /^[\w.*:/[\]-]+$/.test(item)),
    'not a list of hosts, as .example.com,10.0.0.0/8',
  )
  .optional();

/** The keys of `proxy` that this version goes by, wherever it is set. */
export const proxyShape = {
  mode: z.enum(['system', 'manual']),
  http: address,
  https: address,
  exclude: excluded,
};

/** As it stands in a file. */
export type GivenProxy = z.infer<z.ZodObject<typeof proxyShape>>;

/**
 * What is in force of `proxy`. Of mode `system` the addresses are those the host has put into the user's settings (`withHostProxy` of src/vm): whatever
 * else stands there of a user's own is not the host's.
 */
export function effectiveProxy(
  policy: (GivenProxy & { readonly locked: boolean }) | undefined,
  user: GivenProxy | undefined,
): Effective<ProxySetting> {
  const held = policy?.locked === true;
  const inForce = held ? policy : (user ?? policy);
  const mode = inForce?.mode ?? 'system';
  const given = mode === 'manual' ? inForce : user?.mode === 'system' ? user : undefined;
  const value = { mode, ...addressesOf(given ?? {}) };
  if (inForce === undefined) return { value, source: 'built-in' };
  if (inForce !== policy) return { value, source: 'user' };
  return { value, source: held ? 'policy, locked' : 'policy, default' };
}

/** Each address in its one form; what is none is left out. */
export function addressesOf({ http = '', https = '', exclude = [] }: Partial<GivenProxy>): ProxyAddresses {
  return { http: proxyAddress(http), https: proxyAddress(https), exclude: itemsOf(exclude) };
}

/**
 * The value of a setting, or of one key of it, as people are shown it: whoever looks over a shoulder reads no password of a proxy.
 *
 * @param name as `proxy` or `containersProxy.https`.
 */
export function shownValue(name: string, value: unknown): unknown {
  if (!/^(proxy|containersProxy)(\.(https?|pac))?$/.test(name)) return value;
  if (typeof value === 'string') return maskedProxy(proxyAddress(value) ?? value.replace(/^.*@/, ''));
  if (typeof value !== 'object' || value === null) return value;
  const members: readonly [string, unknown][] = Object.entries(value);
  return Object.fromEntries(
    members.map(([key, member]) => [
      key,
      typeof member === 'string' ? shownValue(`${name}.${key}`, member) : member,
    ]),
  );
}

function itemsOf(list: string | readonly string[]): string[] {
  return [list]
    .flat()
    .flatMap((part) => part.split(','))
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
