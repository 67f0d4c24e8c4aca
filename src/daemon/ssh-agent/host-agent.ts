import type { Duplex } from 'node:stream';
import {
  framed,
  framedMessages,
  longestAgentMessage,
  mostAgentRequests,
  refusedByAgent,
} from '../../common/ssh-agent/index.js';

const idBytes = 4;

/**
 * The agent of a host that is reached by the control channel: requests and answers with a number before each, by the stream of whichever session there is. Without one
 * nothing is signed: who asks is refused, and does not wait.
 */
export class HostAgent {
  readonly #waiting = new Map<number, (answer: Buffer) => void>();
  #stream: Duplex | undefined;
  #last = 0;

  /** The host's new stream. Owns it. */
  serve(stream: Duplex): void {
    this.#stream?.destroy();
    this.#end();
    this.#stream = stream;
    stream.on('error', () => undefined);
    void this.#hear(stream);
  }

  /** Does not reject. */
  ask(request: Buffer): Promise<Buffer> {
    const stream = this.#stream;
    // A request outlives the connection it came by, so connections are no limit for the host's agent, nor for the person it may ask.
    if (stream === undefined || this.#waiting.size >= mostAgentRequests)
      return Promise.resolve(refusedByAgent);
    const id = (this.#last = (this.#last + 1) % 0x1_0000_0000);
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      stream.write(framed(numberOf(id), request));
    });
  }

  async #hear(stream: Duplex): Promise<void> {
    try {
      for await (const message of framedMessages(stream, idBytes + longestAgentMessage)) {
        if (message.length <= idBytes) break;
        const id = message.readUInt32BE(0);
        this.#waiting.get(id)?.(message.subarray(idBytes));
        this.#waiting.delete(id);
      }
    } catch {
      // It is over either way.
    }
    stream.destroy();
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    this.#end();
  }

  #end(): void {
    for (const resolve of this.#waiting.values()) resolve(refusedByAgent);
    this.#waiting.clear();
  }
}

function numberOf(id: number): Buffer {
  const bytes = Buffer.alloc(idBytes);
  bytes.writeUInt32BE(id);
  return bytes;
}
