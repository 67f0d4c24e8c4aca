import { type HostName, parseAddress, parseHost } from './authority.js';

/** A host of a rule, or every host below a name. */
export interface HostPattern {
  /** It began with `*.`: the names below, at any depth, and not the name itself. */
  readonly below: boolean;
  readonly host: HostName;
}

/** Reads `ghcr.io`, `*.example.com`, `10.0.0.5` or `2001:db8::1`. */
export function parseHostPattern(text: string): HostPattern | undefined {
  const below = text.startsWith('*.');
  const host = below ? parseHost(text.slice(2)) : (parseHost(text) ?? parseAddress(text));
  return host === undefined || (below && host.kind !== 'name') ? undefined : { below, host };
}
