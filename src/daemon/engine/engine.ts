import { abortReason } from '../../common/abort.js';
import { codeOf } from '../../common/cause.js';
import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import type { EngineClient } from './engine-client.js';
import type { ServiceName } from '../init/init-protocol.js';
import type { PhaseSink } from '../init/phase-sink.js';
import type { StartWatch } from './start-watch.js';
import type { Supervisor } from './supervisor.js';

/** Connecting to a socket whose owner has died, or has not begun to listen, fails at once; this is the pause between two tries. */
const retryMs = 100;

export interface EngineDependencies {
  readonly supervisor: Supervisor;
  readonly client: EngineClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly phases: PhaseSink;
  /** Resolves when the engine's socket exists. */
  readonly untilSocket: (signal: AbortSignal) => Promise<void>;
  /** Runs as long as the engine's socket is there. */
  readonly startWatch: Pick<StartWatch, 'run'>;
  /** Runs after each first answer of the engine and before anybody is told that it is ready. */
  readonly prepare: (signal: AbortSignal) => Promise<void>;
}

/** Knows whether the engine answers. Each start of dockerd is one attempt: wait for the socket, ping, prepare, announce. */
export class Engine {
  readonly #dependencies: EngineDependencies;
  #attempt: AbortController | null = null;
  #ready = false;
  readonly #waiters = new Set<() => void>();

  constructor(dependencies: EngineDependencies) {
    this.#dependencies = dependencies;
    dependencies.supervisor.onRunning((service) => {
      this.#started(service);
    });
    dependencies.supervisor.onDown((service) => {
      if (service === 'dockerd') this.#down();
    });
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Resolves when the engine answers; rejects with the signal's reason when aborted first. */
  async whenReady(signal: AbortSignal): Promise<void> {
    if (this.#ready) return;
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const done = (): void => {
        signal.removeEventListener('abort', abort);
        this.#waiters.delete(done);
        resolve();
      };
      const abort = (): void => {
        this.#waiters.delete(done);
        reject(abortReason(signal));
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#waiters.add(done);
    });
  }

  #down(): void {
    this.#attempt?.abort(new Error('dockerd went down'));
    this.#attempt = null;
    this.#ready = false;
  }

  #started(service: ServiceName): void {
    if (service !== 'dockerd') return;
    this.#down();
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#bringUp(attempt.signal).catch((error: unknown) => {
      if (attempt.signal.aborted) return;
      this.#dependencies.log.error({ err: error }, 'the engine did not become ready');
      this.#dependencies.phases.failure('engine-failed', String(error));
    });
  }

  async #bringUp(signal: AbortSignal): Promise<void> {
    const { untilSocket, startWatch, prepare, phases, log } = this.#dependencies;
    await untilSocket(signal);
    void startWatch.run(() => this.#ready, signal);
    await this.#pingUntilAnswered(signal);
    await prepare(signal);
    signal.throwIfAborted();
    this.#ready = true;
    phases.phase('engine-ready');
    log.info('the engine answers');
    for (const waiter of this.#waiters) waiter();
  }

  async #pingUntilAnswered(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      try {
        await this.#dependencies.client.ping(signal);
        return;
      } catch (error) {
        if (!isNotListening(error)) throw error;
        await this.#dependencies.clock.sleep(retryMs, signal);
      }
    }
  }
}

function isNotListening(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ECONNRESET';
}
