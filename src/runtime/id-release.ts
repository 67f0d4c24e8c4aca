import { existsSync, mkdirSync, watch } from 'node:fs';
import type { Clock } from '../common/clock.js';
import type { IdAllocator } from './id-allocator.js';

/** Starts to report changes among the entries of a directory; the result stops it. */
export type WatchDirectory = (path: string, changed: () => void, ended: () => void) => () => void;

export interface IdReleaseOptions {
  readonly allocator: IdAllocator;
  readonly clock: Clock;
  readonly watch?: WatchDirectory;
  /** Called when a sweep fails; the next one is tried as usual. */
  readonly onError: (error: unknown) => void;
}

/** A container that ends needs this long, in milliseconds, until runc's last process is gone, too. */
const settle = 300;
const longestPause = 5000;

/**
 * Gives ranges back when their containers end. The daemon never sees `runc delete`, so it watches the directories
 * where runc keeps one entry a container.
 */
export class IdRelease {
  readonly #options: IdReleaseOptions;
  readonly #watches = new Map<string, () => void>();
  readonly #closing = new AbortController();
  #requested = false;
  #running: Promise<void> | undefined;

  constructor(options: IdReleaseOptions) {
    this.#options = options;
    for (const lease of options.allocator.leases)
      for (const holder of lease.holders) this.follow(holder.runtimeRoot);
    if (options.allocator.leases.length > 0) this.sweepSoon();
  }

  /** Watches one runtime root; safe to call again for each container. */
  follow(runtimeRoot: string): void {
    if (this.#watches.has(runtimeRoot) || this.#closing.signal.aborted) return;
    const ended = () => {
      this.#watches.get(runtimeRoot)?.();
      this.#watches.delete(runtimeRoot);
      this.sweepSoon();
    };
    try {
      const start = this.#options.watch ?? watchDirectory;
      this.#watches.set(
        runtimeRoot,
        start(runtimeRoot, () => this.sweepSoon(), ended),
      );
    } catch (error) {
      // Ranges then come back at the sweeps that allocations ask for.
      this.#options.onError(error);
    }
  }

  /** Sweeps after a short while, once for all that is asked meanwhile, and again while ranges are only half gone. */
  sweepSoon(): void {
    this.#requested = true;
    if (this.#running !== undefined || this.#closing.signal.aborted) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (this.#requested) this.sweepSoon();
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const stop of this.#watches.values()) stop();
    this.#watches.clear();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { allocator, clock, onError } = this.#options;
    const { signal } = this.#closing;
    try {
      for (let pause = settle; this.#requested; pause = Math.min(pause * 2, longestPause)) {
        await clock.sleep(pause, signal);
        this.#requested = false;
        if ((await allocator.sweep()) > 0) this.#requested = true;
      }
    } catch (error) {
      this.#requested = false;
      if (!signal.aborted) onError(error);
    }
  }
}

const watchDirectory: WatchDirectory = (path, changed, ended) => {
  // runc would make it a moment later; a watch cannot wait for a directory that is not there.
  mkdirSync(path, { recursive: true, mode: 0o711 });
  // A removed directory reports one last change; a new one of that name needs a new watch.
  const watcher = watch(path, { persistent: false }, () => (existsSync(path) ? changed() : ended()));
  watcher.on('error', ended);
  return () => watcher.close();
};
