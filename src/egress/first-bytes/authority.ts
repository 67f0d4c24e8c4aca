import { parseAuthority as parse } from '../../common/authority.js';
import type { Authority } from './types.js';

/** Reads `host`, `host:port`, `10.0.0.5:80` and `[::1]:80`. Undefined for anything else, a user in front of it among that. */
export function parseAuthority(text: string): Authority | undefined {
  const { host, port } = parse(text) ?? {};
  return host === undefined ? undefined : { host: host.text, ...(port === undefined ? {} : { port }) };
}
