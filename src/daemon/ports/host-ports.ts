import type { Duplex } from 'node:stream';
import { readLines } from '../../common/line-reader.js';
import {
  longestPortLine,
  type PortAnswer,
  portAnswerSchema,
  portKey,
  type PortProtocol,
  type PortRequest,
} from '../../common/ports.js';

/** A port of the host that leads to one of the VM's. */
export interface HostForward {
  readonly protocol: PortProtocol;
  readonly guestPort: number;
  readonly address: string;
  readonly port: number;
}

interface Wanted {
  readonly forward: HostForward;
  /** Of who waits for the first answer; a later one, of another session, has nobody waiting. */
  waiting: PromiseWithResolvers<void> | undefined;
}

/**
 * Asks the host for ports, by the stream of whichever session there is. What is wanted is said anew to each: the host, which keeps its ports meanwhile, then
 * knows which are still leased.
 */
export class HostPorts {
  readonly #wanted = new Map<string, Wanted>();
  readonly #released = new Map<string, PromiseWithResolvers<void>>();
  readonly #onLost: (forward: HostForward, reason: string) => void;
  #stream: Duplex | undefined;

  /** @param onLost told of a port that a new session did not get again. */
  constructor(onLost: (forward: HostForward, reason: string) => void) {
    this.#onLost = onLost;
  }

  /** The host's new stream. Owns it. */
  serve(stream: Duplex): void {
    this.#stream?.destroy();
    this.#stream = stream;
    void readLines(
      stream,
      (line) => {
        this.#hear(line);
      },
      longestPortLine,
    ).then(() => {
      stream.destroy();
      if (this.#stream !== stream) return;
      this.#stream = undefined;
      // The host will not hear of them any more, and takes what nobody asks for again back by itself.
      for (const { resolve } of this.#released.values()) resolve();
      this.#released.clear();
    });
    for (const { forward } of this.#wanted.values()) this.#say({ ask: 'publish', ...forward });
  }

  /** Resolves when the host listens; without a session it is waited for. Rejects with the host's reason, or when it is released meanwhile. */
  publish(forward: HostForward): Promise<void> {
    const waiting = Promise.withResolvers<void>();
    this.#wanted.set(portKey(forward), { forward, waiting });
    this.#say({ ask: 'publish', ...forward });
    return waiting.promise;
  }

  /** Resolves when the host does not listen any more, or can't be asked. */
  async release(forward: Pick<HostForward, 'protocol' | 'guestPort'>): Promise<void> {
    const key = portKey(forward);
    const wanted = this.#wanted.get(key);
    if (wanted === undefined) return this.#released.get(key)?.promise;
    this.#wanted.delete(key);
    wanted.waiting?.reject(new Error('it is not wanted any more'));
    if (this.#stream === undefined) return;
    const released = Promise.withResolvers<void>();
    this.#released.set(key, released);
    this.#say({ ask: 'release', protocol: forward.protocol, guestPort: forward.guestPort });
    await released.promise;
  }

  #say(request: PortRequest): void {
    this.#stream?.write(`${JSON.stringify(request)}\n`);
  }

  #hear(line: string): void {
    const answer = parseAnswer(line);
    if (answer === undefined) return;
    const key = portKey(answer);
    if (answer.ask === 'release') {
      this.#released.get(key)?.resolve();
      this.#released.delete(key);
      return;
    }
    const wanted = this.#wanted.get(key);
    if (wanted === undefined) return;
    const { forward, waiting } = wanted;
    wanted.waiting = undefined;
    if (answer.error === undefined) {
      waiting?.resolve();
      return;
    }
    this.#wanted.delete(key);
    if (waiting === undefined) this.#onLost(forward, answer.error);
    else waiting.reject(new Error(answer.error));
  }
}

function parseAnswer(line: string): PortAnswer | undefined {
  try {
    return portAnswerSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
