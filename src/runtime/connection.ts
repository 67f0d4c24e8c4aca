import type { Socket } from 'node:net';
import { toError } from '../common/cause.js';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { MessageDecoder, protocolError } from './wire.js';

/** One front door's connection as a dialogue: receive a message, send a message. */
export class Connection {
  readonly #socket: Socket;
  readonly #decoder = new MessageDecoder();
  readonly #received: Buffer[][] = [];
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  /** @param signal ends every wait; its reason is thrown. */
  constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(protocolError('the front door ended the connection')));
    signal.addEventListener('abort', () => this.#fail(abortReason(signal)), { once: true });
  }

  /**
   * The next message, as its fields.
   *
   * @throws BulkheadError `BH_RUNTIME_PROTOCOL` for malformed bytes or an early end, else the signal's reason.
   */
  async receive(): Promise<Buffer[]> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const message = this.#received.shift();
      if (message !== undefined) return message;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Resolves when the kernel has taken all of the message. */
  async send(message: Buffer): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    await new Promise<void>((resolve, reject) => {
      this.#wake = () => {
        if (this.#failure !== undefined) reject(this.#failure);
      };
      this.#socket.write(message, (error) => (error == null ? resolve() : reject(error)));
    });
  }

  #take(chunk: Buffer): void {
    try {
      this.#received.push(...this.#decoder.push(chunk));
      // A front door speaks in turn; one that does not could make the daemon hold any amount of messages.
      if (this.#received.length > 1) throw protocolError('two messages came at once');
      this.#wake?.();
    } catch (error) {
      this.#socket.pause();
      this.#fail(toError(error));
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error
    ? signal.reason
    : new BulkheadError('BH_RUNTIME_INTERNAL', { reason: String(signal.reason) });
}
