import { promises } from 'node:dns';
import { isIP } from 'node:net';
import type { NameServer } from './ask-name-server.js';

const freshMs = 5000;
const port = 53;

/** The host's own name servers, looked up again every few seconds: a laptop changes networks. */
export function hostNameServers(
  read = () => new promises.Resolver().getServers(),
  now = () => performance.now(),
): () => readonly NameServer[] {
  let known: readonly NameServer[] = [];
  let until = -Infinity;
  return () => {
    if (now() >= until) {
      known = read().map(parseNameServer);
      until = now() + freshMs;
    }
    return known;
  };
}

/** `1.2.3.4`, `1.2.3.4:53`, `::1` or `[::1]:53`, as `dns.getServers` writes them. Throws RangeError. */
export function parseNameServer(text: string): NameServer {
  if (isIP(text) !== 0) return { address: text, port };
  const [, bracketed, plain, number] = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const server = { address: bracketed ?? plain ?? '', port: Number(number) };
  if (isIP(server.address) === 0 || !(server.port >= 1 && server.port <= 65_535))
    throw new RangeError(`not the address of a name server: ${text}`);
  return server;
}
