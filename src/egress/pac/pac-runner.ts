import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { canonicalHostName } from '../../common/host-name.js';
import { messageOf } from '../../common/cause.js';
import { ClientTurns } from '../client-turns.js';
import { pacOutcomesSchema, type PacQuestion } from './pac-messages.js';
import type { PacOutcome } from './pac-value.js';

/** A file that gives no answer. What it was asked for is refused. */
export class PacFailure extends Error {}

/** `FindProxyForURL` of one file. */
export interface PacFinder {
  /**
   * @param client who is to wait for its own questions alone.
   * @throws PacFailure
   */
  readonly find: (url: string, host: string, client?: string) => Promise<string>;
}

export interface PacRunnerOptions {
  /** The gateway's resolver: the first IPv4 address of a name, undefined where it has none. */
  readonly resolve: (name: string) => Promise<string | undefined>;
  /** What `myIpAddress()` says. */
  readonly ownAddress: string;
  /** Where the thread's program is; beside this one where absent. */
  readonly worker?: URL;
}

/** How long one run may take before its thread is ended, how many names it may ask for, and how many runs may wait: of one client half of them, where nobody else has any. */
const limits = { milliseconds: 3000, names: 16, waiting: 2000 } as const;

/** Runs a file in a thread that is ended when it does not answer: the gateway's own must never wait for it. */
export class PacRunner implements PacFinder, AsyncDisposable {
  readonly #text: string;
  readonly #options: PacRunnerOptions;
  #worker: Worker | undefined;
  readonly #turns = new ClientTurns({ waiting: limits.waiting });

  constructor(text: string, options: PacRunnerOptions) {
    this.#text = text;
    this.#options = options;
  }

  async find(url: string, host: string, client = ''): Promise<string> {
    const answers: Record<string, string | null> = {};
    for (let names = 0; names <= limits.names; names += 1) {
      const outcome = await this.#next(client, { url, host, answers });
      if (outcome.kind === 'result') return outcome.text;
      if (outcome.kind === 'failed') throw new PacFailure(outcome.reason);
      // An odd name has no address, and is not asked for.
      const name = canonicalHostName(outcome.name);
      answers[outcome.name] = name === undefined ? null : ((await this.#options.resolve(name)) ?? null);
    }
    throw new PacFailure(`it asks for the addresses of more than ${limits.names} names`);
  }

  /** After what was asked so far. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turns.idle();
    await this.#end();
  }

  /** One run after another; what waits for the name server holds nobody up. Threat: of a long file that asks for addresses a run takes 20 ms, and a container has hundreds of them wait. */
  async #next(client: string, question: PacQuestion): Promise<PacOutcome> {
    const turn = this.#turns.take(client, async () => this.#run(question));
    if (turn === undefined) throw new PacFailure('too many connections wait for it');
    return turn;
  }

  async #run(question: PacQuestion): Promise<PacOutcome> {
    const worker = (this.#worker ??= this.#start());
    const signal = AbortSignal.timeout(limits.milliseconds);
    // Whoever waits for an answer does not end for want of anything to do, and whoever waits for none is not kept.
    worker.ref();
    try {
      // An error of the thread rejects it as well.
      const answer = once(worker, 'message', { signal });
      // The rule is about windows of a browser.
      // oxlint-disable-next-line unicorn/require-post-message-target-origin
      worker.postMessage(question);
      return pacOutcomesSchema.parse(await answer)[0];
    } catch (error) {
      await this.#end();
      const reason = signal.aborted ? `it took longer than ${limits.milliseconds} ms` : messageOf(error);
      throw new PacFailure(reason, { cause: error });
    } finally {
      worker.unref();
    }
  }

  #start(): Worker {
    const { worker = new URL('./pac-worker.js', import.meta.url), ownAddress } = this.#options;
    const thread = new Worker(worker, {
      workerData: { text: this.#text, ownAddress },
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 },
    });
    // Nobody may be listening when it ends: the next question then starts another.
    thread.on('error', () => {
      if (this.#worker === thread) this.#worker = undefined;
    });
    thread.unref();
    return thread;
  }

  async #end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}
