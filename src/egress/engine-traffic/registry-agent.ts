import { once } from 'node:events';
import { Agent } from 'node:http';
import { type Duplex, PassThrough } from 'node:stream';
import { connect, type SecureContext } from 'node:tls';
import { toError } from '../../common/cause.js';
import { type Place, placeText } from './place.js';
import { Untrusted } from './untrusted.js';

/** How a registry is reached. */
export interface Reach {
  /** Opens a connection: to addresses the gateway has found and judged for the name, or by a proxy. Its own text says why it can't. */
  readonly dial: (place: Place, signal: AbortSignal) => Promise<Duplex>;
  readonly contextFor: (place: Place) => Promise<SecureContext>;
  /** What the engine is told to take without a certificate (`insecure-registries`). */
  readonly isInsecure: (place: Place) => boolean;
}

/** Milliseconds: to connect and greet, and without a byte either way. */
const patience = { connect: 30_000, silent: 300_000 } as const;
const mostSockets = 64;

/** Connections to one registry, kept for the next request. */
export class RegistryAgent extends Agent {
  readonly #place: Place;
  readonly #reach: Reach;
  #context: Promise<SecureContext> | undefined;

  constructor(place: Place, reach: Reach) {
    super({ keepAlive: true, maxSockets: mostSockets, maxFreeSockets: 8, timeout: patience.silent });
    this.#place = place;
    this.#reach = reach;
  }

  /** Whether it can be connected to as it is to be. */
  async isReached(): Promise<boolean> {
    return this.#open().then(
      (stream) => {
        stream.destroy();
        return true;
      },
      () => false,
    );
  }

  override createConnection(
    _options: unknown,
    created?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    void this.#open().then(
      (stream) => created?.(null, stream),
      // Of a failure nobody looks at the stream.
      (error: unknown) => created?.(toError(error), new PassThrough().destroy()),
    );
  }

  async #open(): Promise<Duplex> {
    const signal = AbortSignal.timeout(patience.connect);
    const plain = await this.#reach.dial(this.#place, signal);
    plain.on('error', ignore);
    if (this.#place.scheme === 'http') return plain;
    try {
      return await this.#secured(plain, signal);
    } catch (error) {
      plain.destroy();
      throw signal.aborted ? error : new Untrusted(this.#place, { cause: error });
    }
  }

  async #secured(plain: Duplex, signal: AbortSignal): Promise<Duplex> {
    const { host } = this.#place;
    // Read anew after a failure: whoever puts a certificate there is not told to start everything again.
    this.#context ??= this.#reach.contextFor(this.#place);
    try {
      const stream = connect({
        socket: plain,
        secureContext: await this.#context,
        host: host.text,
        ...(host.kind === 'name' ? { servername: host.text } : {}),
        ALPNProtocols: ['http/1.1'],
        rejectUnauthorized: !this.#reach.isInsecure(this.#place),
      });
      stream.on('error', ignore);
      await once(stream, 'secureConnect', { signal });
      return stream;
    } catch (error) {
      this.#context = undefined;
      throw error;
    }
  }
}

/** Told to whoever waits as well; without a listener it would end the gateway. */
function ignore(): void {}

const mostAgents = 256;

/** An agent for each registry; those longest not asked are given up, and end with their connections. */
export class RegistryAgents {
  readonly #reach: Reach;
  readonly #agents = new Map<string, RegistryAgent>();

  constructor(reach: Reach) {
    this.#reach = reach;
  }

  isInsecure(place: Place): boolean {
    return this.#reach.isInsecure(place);
  }

  agentFor(place: Place): RegistryAgent {
    const key = `${place.scheme} ${placeText(place)}`;
    const agent = this.#agents.get(key) ?? new RegistryAgent(place, this.#reach);
    this.#agents.delete(key);
    this.#agents.set(key, agent);
    const [oldest] = this.#agents.keys();
    if (this.#agents.size > mostAgents && oldest !== undefined) this.#agents.delete(oldest);
    return agent;
  }

  end(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }
}
