import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { connect, type SecureContext } from 'node:tls';
import type { Place } from './place.js';
import { Untrusted } from './untrusted.js';

/** How a registry is reached. */
export interface Reach {
  /** Opens a connection: to addresses the gateway has found and judged for the name, or by a proxy. Its own text says why it can't. */
  readonly dial: (place: Place, signal: AbortSignal) => Promise<Duplex>;
  readonly contextFor: (place: Place) => Promise<SecureContext>;
  /** What the engine is told to take without a certificate (`insecure-registries`). */
  readonly isInsecure: (place: Place) => boolean;
}

/** Milliseconds to connect and greet. */
const patience = 30_000;

/** By which connections to one registry are opened, by TLS where it has any. */
export function reachRegistry(place: Place, reach: Reach): () => Promise<Duplex> {
  let context: Promise<SecureContext> | undefined;
  const secured = async (plain: Duplex, signal: AbortSignal): Promise<Duplex> => {
    const { host } = place;
    // Read anew after a failure: whoever puts a certificate there is not told to start everything again.
    context ??= reach.contextFor(place);
    try {
      const stream = connect({
        socket: plain,
        secureContext: await context,
        host: host.text,
        ...(host.kind === 'name' ? { servername: host.text } : {}),
        ALPNProtocols: ['http/1.1'],
        rejectUnauthorized: !reach.isInsecure(place),
      });
      stream.on('error', ignore);
      await once(stream, 'secureConnect', { signal });
      return stream;
    } catch (error) {
      context = undefined;
      throw error;
    }
  };
  return async () => {
    const signal = AbortSignal.timeout(patience);
    const plain = await reach.dial(place, signal);
    plain.on('error', ignore);
    if (place.scheme === 'http') return plain;
    try {
      return await secured(plain, signal);
    } catch (error) {
      plain.destroy();
      throw signal.aborted ? error : new Untrusted(place, { cause: error });
    }
  };
}

/** Told to whoever waits as well; without a listener it would end the gateway. */
function ignore(): void {}
