import type { Duplex } from 'node:stream';
import { abortable } from '../../common/abort.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { readLines } from '../../common/line-reader.js';
import { parseQmpMessage, type QmpEvent, type QmpMessage } from './qmp-messages.js';

interface Waiting {
  readonly command: string;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * A QMP session over a connected stream: greeting, capabilities, commands matched to answers by id, events.
 * Events may come at any time, also between a command and its answer, and are given out in order.
 */
export class QmpClient {
  readonly #stream: Duplex;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(event: QmpEvent) => void>();
  readonly #greeting = Promise.withResolvers<string>();
  #nextId = 1;
  #ended: BulkheadError | undefined;
  /** Resolves, never rejects, when QEMU closed the monitor and every event before that was given out. */
  readonly closed: Promise<void>;

  constructor(stream: Duplex) {
    this.#stream = stream;
    // Nobody may be waiting for the greeting when the stream ends.
    this.#greeting.promise.catch(() => undefined);
    this.closed = readLines(stream, (line) => this.#receive(line)).then(() => this.#end());
  }

  /** Waits for the greeting and leaves the negotiation mode, as QMP demands before any other command. Resolves with QEMU's version. */
  async connect(signal?: AbortSignal): Promise<string> {
    const version = await abortable(this.#greeting.promise, signal);
    await this.execute('qmp_capabilities', {}, signal);
    return version;
  }

  /**
   * Runs a command. Rejects with `BH_QMP_COMMAND` when QEMU refuses it, `BH_QMP_CLOSED` when the monitor closes first,
   * or the signal's reason; an abort does not undo the command.
   */
  execute(
    command: string,
    args: Readonly<Record<string, unknown>> = {},
    signal?: AbortSignal,
  ): Promise<unknown> {
    if (this.#ended !== undefined || this.#stream.destroyed) {
      return Promise.reject(new BulkheadError('BH_QMP_CLOSED', { command }, { cause: this.#ended }));
    }
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { command, resolve, reject });
    this.#stream.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    return abortable(promise, signal);
  }

  /** Calls back for each event from now on. Returns the way to stop. */
  onEvent(listener: (event: QmpEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #receive(line: string): void {
    if (this.#ended !== undefined) return;
    let message: QmpMessage;
    try {
      message = parseQmpMessage(line);
    } catch (error) {
      // Whatever speaks there is not QEMU's monitor: no later message of it means anything.
      if (error instanceof BulkheadError) this.#fail(error);
      this.#stream.destroy();
      return;
    }
    switch (message.kind) {
      case 'greeting':
        this.#greeting.resolve(message.version);
        break;
      case 'event':
        for (const listener of this.#listeners) listener({ event: message.event, data: message.data });
        break;
      case 'result':
        this.#take(message.id)?.resolve(message.value);
        break;
      case 'error':
        this.#refuse(message.id, message.description);
        break;
    }
  }

  #refuse(id: number | undefined, reason: string): void {
    if (id === undefined) {
      this.#fail(new BulkheadError('BH_QMP_PROTOCOL', { reason }));
      this.#stream.destroy();
      return;
    }
    const waiting = this.#take(id);
    waiting?.reject(new BulkheadError('BH_QMP_COMMAND', { command: waiting.command, reason }));
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #end(): void {
    this.#fail(new BulkheadError('BH_QMP_CLOSED', { command: 'qmp_capabilities' }));
  }

  #fail(error: BulkheadError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#greeting.reject(error);
    for (const waiting of this.#waiting.values()) {
      const { command } = waiting;
      waiting.reject(
        error.code === 'BH_QMP_CLOSED' ? new BulkheadError('BH_QMP_CLOSED', { command }) : error,
      );
    }
    this.#waiting.clear();
  }
}
