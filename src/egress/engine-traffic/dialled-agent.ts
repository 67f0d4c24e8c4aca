import { Agent } from 'node:http';
import { type Duplex, PassThrough } from 'node:stream';
import { toError } from '../../common/cause.js';
import { type Place, placeText } from './place.js';

/** Milliseconds that nobody has asked anything on a connection, which whoever asks replaces by its own; of sockets at once and kept. */
const limits = { kept: 300_000, sockets: 64, free: 8 } as const;
const mostAgents = 256;

/** Connections to one place, opened as somebody else says and kept for the next request. */
export class DialledAgent extends Agent {
  readonly #open: () => Promise<Duplex>;

  constructor(open: () => Promise<Duplex>) {
    const { kept: timeout, sockets: maxSockets, free: maxFreeSockets } = limits;
    super({ keepAlive: true, maxSockets, maxFreeSockets, timeout });
    this.#open = open;
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
}

/** An agent for each place; those longest not asked are given up, and end with their connections. */
export class DialledAgents {
  readonly #openFor: (place: Place) => () => Promise<Duplex>;
  readonly #agents = new Map<string, DialledAgent>();

  constructor(openFor: (place: Place) => () => Promise<Duplex>) {
    this.#openFor = openFor;
  }

  agentFor(place: Place): DialledAgent {
    const key = `${place.scheme} ${placeText(place)}`;
    const agent = this.#agents.get(key) ?? new DialledAgent(this.#openFor(place));
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
