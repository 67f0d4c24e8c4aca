import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import { nextDelay } from './backoff.js';
import type { InitLink } from '../init/init-link.js';
import type { ExitStatus, InitMessage, ServiceName } from '../init/init-protocol.js';
import { serviceNames } from '../init/init-protocol.js';

export interface ServiceState {
  readonly state: 'unknown' | 'running' | 'waiting' | 'stopped';
  readonly pid: number | null;
  readonly restarts: number;
  readonly lastExit: ExitStatus | null;
}

interface Entry {
  state: ServiceState['state'];
  pid: number | null;
  restarts: number;
  lastExit: ExitStatus | null;
  startedAt: number;
  delayMs: number;
  wanted: boolean;
  outdated: boolean;
}

/**
 * Keeps the services up: PID 1 holds and reaps them, this decides when they start again. A service is never given up,
 * because an engine that stays down takes every container's `docker exec` and `logs` with it; the delay grows instead.
 */
export class Supervisor {
  readonly #link: InitLink;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #entries = new Map<ServiceName, Entry>();
  readonly #exitWaiters = new Map<ServiceName, Set<() => void>>();
  readonly #runningListeners = new Set<(service: ServiceName) => void>();
  readonly #downListeners = new Set<(service: ServiceName) => void>();

  constructor(link: InitLink, clock: Clock, log: Logger) {
    this.#link = link;
    this.#clock = clock;
    this.#log = log;
    for (const name of serviceNames) {
      this.#entries.set(name, {
        state: 'unknown',
        pid: null,
        restarts: 0,
        lastExit: null,
        startedAt: 0,
        delayMs: 0,
        wanted: true,
        outdated: false,
      });
    }
    link.onMessage((message) => {
      this.#handle(message);
    });
    /* PID 1 started the services before this process ran, or kept them while it was away. */
    link.send({ kind: 'list' });
  }

  onRunning(listener: (service: ServiceName) => void): void {
    this.#runningListeners.add(listener);
  }

  onDown(listener: (service: ServiceName) => void): void {
    this.#downListeners.add(listener);
  }

  status(): Record<ServiceName, ServiceState> {
    return { containerd: this.#view('containerd'), dockerd: this.#view('dockerd') };
  }

  signal(service: ServiceName, number: number): void {
    this.#link.send({ kind: 'signal', service, signal: number });
  }

  /**
   * Has a service start anew that PID 1 has started, or is about to, with a configuration that is no more. What runs until then counts as
   * not running.
   */
  renew(service: ServiceName): void {
    this.#entry(service).outdated = true;
  }

  /** Sends SIGTERM and does not start the service again. Resolves when it has gone or after `deadlineMs`: true when it has gone. */
  async stop(service: ServiceName, deadlineMs: number): Promise<boolean> {
    const entry = this.#entry(service);
    entry.wanted = false;
    if (entry.state !== 'running') return true;
    const gone = new Promise<true>((resolve) => {
      const waiters = this.#exitWaiters.get(service) ?? new Set();
      waiters.add(() => {
        resolve(true);
      });
      this.#exitWaiters.set(service, waiters);
    });
    this.signal(service, 15);
    const timeout = new AbortController();
    const late = this.#clock.sleep(deadlineMs, timeout.signal).then(
      () => false,
      () => false,
    );
    const result = await Promise.race([gone, late]);
    timeout.abort();
    return result;
  }

  #handle(message: InitMessage): void {
    if (message.kind === 'error') {
      this.#log.error({ text: message.text }, 'PID 1 refused a command');
      return;
    }
    if (message.kind === 'trimmed') return;
    const entry = this.#entry(message.service);
    switch (message.kind) {
      case 'running':
        entry.state = 'running';
        entry.pid = message.pid;
        entry.startedAt = this.#clock.now();
        if (entry.outdated) {
          this.#log.info(`${message.service} is started anew, because its configuration has changed`);
          this.signal(message.service, 15);
          return;
        }
        for (const listener of this.#runningListeners) listener(message.service);
        break;
      case 'stopped':
        /* The answer to `list` may cross the exit it repeats; one restart is under way then. */
        if (entry.state === 'waiting') return;
        entry.state = 'stopped';
        entry.pid = null;
        entry.outdated = false;
        if (entry.wanted) this.#restart(message.service, entry);
        break;
      case 'exited':
        entry.state = 'stopped';
        entry.pid = null;
        entry.outdated = false;
        entry.lastExit = message.status;
        for (const listener of this.#downListeners) listener(message.service);
        for (const waiter of this.#exitWaiters.get(message.service) ?? []) waiter();
        this.#exitWaiters.delete(message.service);
        if (entry.wanted) this.#restart(message.service, entry);
        break;
    }
  }

  #restart(service: ServiceName, entry: Entry): void {
    entry.delayMs = nextDelay(entry.delayMs, this.#clock.now() - entry.startedAt);
    entry.state = 'waiting';
    entry.restarts += 1;
    this.#log.warn(
      { name: service, lastExit: entry.lastExit, restarts: entry.restarts, delayMs: entry.delayMs },
      `${service} is down; starting it again`,
    );
    void this.#clock.sleep(entry.delayMs).then(() => {
      if (entry.wanted && entry.state === 'waiting') this.#link.send({ kind: 'start', service });
    });
  }

  #view(service: ServiceName): ServiceState {
    const { state, pid, restarts, lastExit } = this.#entry(service);
    return { state, pid, restarts, lastExit };
  }

  #entry(service: ServiceName): Entry {
    const entry = this.#entries.get(service);
    if (entry === undefined) throw new Error(`no such service: ${service}`);
    return entry;
  }
}
