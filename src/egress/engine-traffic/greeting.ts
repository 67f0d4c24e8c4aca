import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type HostName, parseHost } from '../../common/authority.js';
import { readFirstBytes } from '../first-bytes/index.js';

/** How a connection of the engine's begins. */
export type Greeting =
  | { readonly protocol: 'http' }
  /** With the name it asks for; clients that have an address alone say none. */
  | { readonly protocol: 'tls'; readonly name: HostName | undefined };

/**
 * Looks at what a connection begins with, and leaves it there to be read. Undefined for what ends before, and for what begins like TLS and is not in order.
 */
export async function readGreeting(stream: Socket): Promise<Greeting | undefined> {
  let seen = Buffer.alloc(0);
  const ended = new AbortController();
  for (const event of ['end', 'close']) stream.once(event, () => ended.abort());
  for (;;) {
    const chunk: unknown = stream.read();
    if (Buffer.isBuffer(chunk)) {
      seen = Buffer.concat([seen, chunk]);
      const first = readFirstBytes(seen);
      const isMore = first.kind === 'more' && first.like !== 'http';
      if (isMore) continue;
      if (first.kind === 'malformed' && first.protocol === 'tls') return undefined;
      stream.unshift(seen);
      if (first.kind !== 'tls') return { protocol: 'http' };
      return { protocol: 'tls', name: nameOf(first.serverName) };
    }
    if (ended.signal.aborted || stream.readableEnded || stream.destroyed) return undefined;
    await once(stream, 'readable', { signal: ended.signal }).catch(() => undefined);
  }
}

function nameOf(text: string | undefined): HostName | undefined {
  const host = text === undefined ? undefined : parseHost(text);
  return host?.kind === 'name' ? host : undefined;
}
