import { once } from 'node:events';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { messageOf } from '../../common/cause.js';
import { hostContext } from '../host-authorities.js';
import type { Hop, ProxyServer } from './hop.js';
import { httpConnect } from './http-connect.js';
import { openTcp } from './open-tcp.js';
import { UpstreamFailure } from './read-exactly.js';
import { socks5Connect } from './socks5.js';

/** Where a connection ends. */
export interface DialTarget {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface DialOptions {
  /** Opens a connection to a proxy; the machine's own TCP where absent. */
  readonly open?: (host: string, port: number, signal: AbortSignal) => Promise<Duplex>;
  /** Opens a connection to the destination itself: by the addresses the gateway has found, not by a name. */
  readonly direct: (signal: AbortSignal) => Promise<Duplex>;
  /** Certificates by which proxies are known that speak HTTPS; the machine's where absent. */
  readonly ca?: string;
  /** Milliseconds for one way. */
  readonly patience?: number;
  readonly signal: AbortSignal;
}

/**
 * Dials along the first way that leads there. What comes back has let no byte of the destination's be lost.
 *
 * @throws UpstreamFailure with what was in the way of each.
 */
export async function dialAlong(
  hops: readonly Hop[],
  target: DialTarget,
  options: DialOptions,
): Promise<Duplex> {
  const failures: string[] = [];
  for (const hop of hops) {
    if (hop.kind === 'reject') break;
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.patience ?? 30_000)]);
    try {
      return hop.kind === 'direct'
        ? await options.direct(signal)
        : await throughProxy(hop, target, options, signal);
    } catch (error) {
      if (options.signal.aborted) throw error;
      const reason = signal.aborted ? 'it does not answer' : messageOf(error);
      failures.push(hop.kind === 'direct' ? reason : `${hop.host}:${hop.port}: ${reason}`);
    }
  }
  throw new UpstreamFailure(failures.length === 0 ? 'it is rejected' : failures.join('; '));
}

async function throughProxy(
  proxy: ProxyServer,
  target: DialTarget,
  options: DialOptions,
  signal: AbortSignal,
): Promise<Duplex> {
  const { open = openTcp } = options;
  const plain = await open(proxy.host, proxy.port, signal);
  plain.on('error', ignore);
  try {
    const stream = proxy.protocol === 'https' ? await secured(plain, proxy, options.ca, signal) : plain;
    if (proxy.protocol === 'socks5') await socks5Connect(stream, target, proxy.user, signal);
    else await httpConnect(stream, authorityOf(target), proxy.user, signal);
    return stream;
  } catch (error) {
    plain.destroy();
    throw error;
  }
}

/** What goes wrong later ends the stream, and is told to whoever has it by then; without a listener it would end the gateway. */
function ignore(): void {}

async function secured(
  plain: Duplex,
  { host }: ProxyServer,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<Duplex> {
  const stream = connectTls({
    socket: plain,
    host,
    ALPNProtocols: ['http/1.1'],
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(ca === undefined ? { secureContext: hostContext() } : { ca }),
  });
  stream.on('error', ignore);
  await once(stream, 'secureConnect', { signal });
  return stream;
}

function authorityOf({ host, port }: DialTarget): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
