import type { Duplex } from 'node:stream';
import { joinDuplex } from '../../channel/index.js';
import { addressed, isBulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Caller } from '../../gate/caller.js';
import type { RequestHead } from '../../gate/http/request-head.js';
import { passAnswer, type AnswerEnd } from './answer-side.js';
import type { BodyPumps } from './body-pumps.js';
import { ByteSource, ConnectionCut } from './byte-source.js';
import type { Exchange, GateHooks, Peer, RequestReading } from './exchange.js';
import { DestinationGone } from './hand-over.js';
import { exchangeOf, judgeHead, readRequest, sendRequest } from './request-side.js';

export interface GateSide {
  readonly hooks: GateHooks;
  readonly caller: Caller;
  /** Takes back the memory of a piece read from the engine. */
  readonly giveBack: (piece: Buffer) => void;
  readonly pumps: BodyPumps;
}

/**
 * One connection of a client and one of the engine, with the gate in between: a request is read, judged and written anew, and
 * the next one is not looked at before the answer to it is whole. Nothing the client sent reaches the engine as it was, up to
 * the moment the engine has taken the connection over by an answer to a request that allows it (`src/gate/takeover.ts`).
 */
export class GateConnection {
  readonly #client: Peer;
  readonly #engine: Peer;
  readonly #hooks: GateHooks;
  readonly #caller: Caller;
  readonly #pumps: BodyPumps;
  #answering = false;
  #reading: RequestReading = { id: '' };

  constructor(client: Duplex, engine: Duplex, { hooks, caller, giveBack, pumps }: GateSide) {
    this.#client = { stream: client, source: new ByteSource(client) };
    this.#engine = { stream: engine, source: new ByteSource(engine, giveBack) };
    this.#hooks = hooks;
    this.#caller = caller;
    this.#pumps = pumps;
  }

  /** Whether part of an answer has been passed on: what the client were told now, it would take for the rest. */
  get answering(): boolean {
    return this.#answering;
  }

  /** How far the present request was read: to HEAD there is no answer with a body. */
  get reading(): RequestReading {
    return this.#reading;
  }

  /**
   * Serves requests until one side ends or a taken over connection is over. Rejects with a `BH_GATE_…` refusal, with
   * ConnectionCut, or with another error when the engine's answer can't be read. The streams are left to the caller to close.
   *
   * @param onEngineLeft called when the engine ended while no answer was on its way.
   */
  async serve(onEngineLeft: () => void): Promise<void> {
    for (;;) {
      this.#engine.source.whenEnded(onEngineLeft);
      this.#reading = { id: this.#hooks.witness.newId() };
      const request = await this.#witnessed(readRequest(this.#client.source));
      if (request === undefined) return;
      this.#reading = { ...this.#reading, request };
      this.#engine.source.whenEnded(undefined);
      const { exchange, end } = await this.#witnessed(this.#serveOne(request, onEngineLeft));
      this.#client.source.whenEnded(undefined);
      if (end === 'taken-over') return this.#join();
      // Asked to close, or told to by `canonicalRequest`, the engine reads no other request.
      const last = exchange.request.close || exchange.takeover !== undefined;
      if (end === 'closed' || last || this.#engine.stream.destroyed) return;
    }
  }

  /** Stops reading; both streams are paused then. */
  release(): void {
    this.#client.source.release();
    this.#engine.source.release();
  }

  async #serveOne(
    request: RequestHead,
    onEngineLeft: () => void,
  ): Promise<{ readonly exchange: Exchange; readonly end: AnswerEnd }> {
    const asked = exchangeOf(request, this.#caller, this.#reading.id);
    this.#hooks.witness.read(asked);
    const exchange = (await this.#hooks.judge(asked)) ?? asked;
    judgeHead(exchange);
    await this.#hooks.before(exchange);
    const [, end] = await Promise.all([this.#send(exchange), this.#pass(exchange, onEngineLeft)]);
    return { exchange, end };
  }

  async #witnessed<T>(work: Promise<T>): Promise<T> {
    const { witness, policy } = this.#hooks;
    return work.catch((error: unknown) => {
      if (!isBulkheadError(error)) {
        witness.over(this.#reading.id);
        throw error;
      }
      const refusal = addressed(error, policy.contact);
      witness.refused(this.#reading, this.#caller, refusal);
      throw refusal;
    });
  }

  async #send(exchange: Exchange): Promise<void> {
    try {
      const direction = { pumps: this.#pumps, from: this.#client, to: this.#engine };
      await sendRequest(exchange, direction, this.#hooks);
    } catch (error) {
      if (error instanceof DestinationGone) await untilClosed(this.#engine.stream);
      // An engine that answers and closes before it has read everything: the answer counts.
      if (!(error instanceof ConnectionCut && this.#engine.stream.destroyed)) throw error;
    }
    // Not while a takeover may come: the end of what is typed does not mean that nobody waits for the answer.
    if (exchange.takeover === undefined) this.#client.source.whenEnded(() => this.#engine.stream.end());
  }

  async #pass(exchange: Exchange, onEngineLeft: () => void): Promise<AnswerEnd> {
    const { source } = this.#engine;
    const direction = { pumps: this.#pumps, from: this.#engine, to: this.#client };
    const end = await passAnswer(exchange, direction, async (status) => {
      this.#hooks.witness.answered(exchange.id, status);
      await this.#hooks.after(exchange);
      this.#answering = true;
      return this.#hooks.watch(exchange, status);
    }).catch((error: unknown) => {
      if (error instanceof ConnectionCut) throw error;
      throw new Error('the engine gave an answer that cannot be read', { cause: error });
    });
    this.#answering = false;
    if (end !== 'taken-over') source.whenEnded(onEngineLeft);
    return end;
  }

  async #join(): Promise<void> {
    const [client, engine] = [this.#client.stream, this.#engine.stream];
    for (const piece of this.#client.source.release()) engine.write(piece);
    for (const piece of this.#engine.source.release()) client.write(piece);
    const joined = joinDuplex(client, engine, this.#engine.source.giveBack);
    client.resume();
    engine.resume();
    await joined;
  }
}

/** Ends a stream whose other end takes nothing any more; what that end has said before is still read. */
async function untilClosed(stream: Duplex): Promise<void> {
  if (stream.destroyed) return;
  await new Promise<void>((resolve) => {
    stream.once('close', resolve).end();
  });
}
