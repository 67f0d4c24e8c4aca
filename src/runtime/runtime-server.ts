import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { Clock } from '../common/clock.js';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { systemClock } from '../common/system-clock.js';
import { IdAllocator, type IdUseProbe, type LeaseStore } from './id-allocator.js';
import type { PoolLimits } from './id-pool.js';
import { IdRelease, type WatchDirectory } from './id-release.js';
import { systemIdUseProbe } from './id-use-probe.js';
import { leaseFiles } from './lease-files.js';
import type { Planner, RuntimeAuditEvent } from './planner.js';
import { serveFrontDoor } from './session.js';

/** The front door waits 60 s, from before the daemon takes its connection; the daemon gives up earlier, so that the reason reaches the user. */
const defaultDeadline = 25_000;

export interface RuntimeServerOptions {
  readonly planner: Planner;
  /** One event for each front door, after its answer. */
  readonly audit: (event: RuntimeAuditEvent) => void;
  /** Failures that concern no single container: a watch or a sweep that did not work. */
  readonly onError: (error: unknown) => void;
  /** Called with each container whose ids were given back; it may be starting again already. */
  readonly onContainerOver?: (containerId: string) => void;
  /** Default `/run/bulkhead/ids`. */
  readonly store?: LeaseStore;
  readonly probe?: IdUseProbe;
  readonly limits?: PoolLimits;
  readonly watch?: WatchDirectory;
  readonly clock?: Clock;
  /** Milliseconds for one whole session. */
  readonly deadline?: number;
}

/** The listening descriptor PID 1 hands over, or the path of a socket to make (then removed again by `close`). */
export type ListenTarget = { readonly fd: number } | { readonly path: string };

/** Answers front doors: one session for each connection, all sharing one allocator of id ranges. */
export class RuntimeServer {
  readonly allocator: IdAllocator;
  readonly #options: RuntimeServerOptions;
  readonly #clock: Clock;
  readonly #release: IdRelease;
  readonly #server: Server;
  readonly #sessions = new Set<Promise<void>>();
  /**
   * One for each running session. Not `AbortSignal.any` with one signal of the server: in Node 24 whatever listens to such
   * a signal stays in memory until one of its sources aborts, and that was 110 KiB a container.
   */
  readonly #endings = new Set<AbortController>();
  #closed = false;

  /** Takes up the leases of an earlier daemon. Throws what reading them throws. */
  constructor(options: RuntimeServerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const store = options.store ?? leaseFiles('/run/bulkhead/ids');
    this.allocator = new IdAllocator(
      store,
      options.probe ?? systemIdUseProbe(),
      options.limits,
      ({ containerId }) => options.onContainerOver?.(containerId),
    );
    this.#release = new IdRelease({
      allocator: this.allocator,
      clock: this.#clock,
      onError: options.onError,
      ...(options.watch === undefined ? {} : { watch: options.watch }),
    });
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.on('error', options.onError);
  }

  async listen(target: ListenTarget): Promise<void> {
    this.#server.listen(target);
    await once(this.#server, 'listening');
  }

  /** Stops accepting and ends every session with a refusal. */
  async close(): Promise<void> {
    this.#closed = true;
    const reason = new BulkheadError('BH_RUNTIME_INTERNAL', { reason: 'bulkheadd is stopping' });
    for (const ending of this.#endings) ending.abort(reason);
    this.#server.close();
    await Promise.all([...this.#sessions, this.#release.close()]);
  }

  #accept(socket: Socket): void {
    if (this.#closed) {
      socket.destroy();
      return;
    }
    const session = this.#serve(socket).catch(this.#options.onError);
    this.#sessions.add(session);
    void session.finally(() => this.#sessions.delete(session));
  }

  async #serve(socket: Socket): Promise<void> {
    const started = this.#clock.now();
    const ending = new AbortController();
    this.#endings.add(ending);
    const timer = new AbortController();
    const milliseconds = this.#options.deadline ?? defaultDeadline;
    const expiry = this.#clock.sleep(milliseconds, timer.signal).then(
      () => ending.abort(new BulkheadError('BH_RUNTIME_DEADLINE', { seconds: milliseconds / 1000 })),
      () => undefined, // the session was done first
    );
    const result = await serveFrontDoor(socket, {
      planner: this.#options.planner,
      allocator: this.allocator,
      clock: this.#clock,
      onRuntimeRoot: (root) => {
        this.#release.follow(root);
        this.#release.sweepSoon();
      },
      signal: ending.signal,
    });
    this.#endings.delete(ending);
    timer.abort();
    await expiry;
    this.#options.audit({ ...result, milliseconds: this.#clock.now() - started });
  }
}
