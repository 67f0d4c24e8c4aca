import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import { releaseStuckStarts } from './stuck-starts.js';
import { thawKilled } from './thaw-killed.js';

/** The pauses between two looks: with an engine that does not answer, with one that does, and where there is nothing that could be held up. */
export const stuckMs = 2000;
export const readyMs = 5000;
export const idleMs = 30_000;
/** Milliseconds after somebody asked the engine for anything, within which it may be starting something. */
const askedMs = 30_000;

export interface StartWatchDependencies {
  readonly clock: Clock;
  /** Frees what is held up. */
  readonly look: () => void;
  /** Whether a container holds ids: one that runs can have programs started in it without anybody asking for it here (its health check). */
  readonly containers: () => boolean;
  readonly log: Pick<Logger, 'error'>;
}

/**
 * Looks again and again at what holds up the starts of containers. Each look reads all there is in /proc, which in an idle VM was a good part of what it took of the host's processor:
 * without a container, and without anybody who asked for one, it is done rarely.
 */
export class StartWatch {
  readonly #dependencies: StartWatchDependencies;
  #askedAt: number;
  #nap: AbortController | undefined;

  constructor(dependencies: StartWatchDependencies) {
    this.#dependencies = dependencies;
    this.#askedAt = dependencies.clock.now();
  }

  /** Somebody asks the engine for something: it is looked at soon again. */
  asked(): void {
    this.#askedAt = this.#dependencies.clock.now();
    this.#nap?.abort();
  }

  /** Until aborted. Never rejects: what fails at one look may not at the next. */
  async run(isReady: () => boolean, signal: AbortSignal): Promise<void> {
    const { look, log } = this.#dependencies;
    // What starts with the engine was asked for by nobody here.
    this.asked();
    while (!signal.aborted) {
      try {
        await this.#pause(isReady(), signal);
        look();
      } catch (error) {
        if (!signal.aborted) log.error({ err: error }, 'starts that are held up cannot be looked for');
      }
    }
  }

  async #pause(isReady: boolean, signal: AbortSignal): Promise<void> {
    const { clock, containers } = this.#dependencies;
    if (!isReady) return clock.sleep(stuckMs, signal);
    if (containers() || clock.now() - this.#askedAt < askedMs) return clock.sleep(readyMs, signal);
    const nap = new AbortController();
    this.#nap = nap;
    await clock.sleep(idleMs, AbortSignal.any([signal, nap.signal])).catch(() => undefined);
    this.#nap = undefined;
    signal.throwIfAborted();
    if (nap.signal.aborted) await clock.sleep(readyMs, signal);
  }
}

/** One look. @param dockerd its process id; null where it does not run. */
export function freeHeldStarts(dockerd: number | null, log: Pick<Logger, 'warn'>): void {
  for (const stuck of dockerd === null ? [] : releaseStuckStarts(dockerd))
    log.warn({ ...stuck }, 'the start of a container held up the engine and was freed or ended');
  for (const pid of thawKilled()) log.warn({ pid }, 'a process that was killed while frozen was thawed');
}
