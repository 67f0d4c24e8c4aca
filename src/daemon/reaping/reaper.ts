import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import {
  type Abandonment,
  abandonments,
  type Circumstances,
  type ContainerTraces,
  dockerRuntimeRoot,
  type EngineSays,
  fingerprint,
  whyAbandoned,
} from './abandoned.js';
import type { ReapEffects } from './reap.js';

/** A container must look abandoned at two looks at least this many milliseconds apart. */
const apartMs = 10_000;
/** Pause while nothing is suspicious, but something is left of a container that the engine knows and does not run: it may forget it. */
const idleMs = 20_000;
/** How often one that does not go away is tried before it is left to the next start of a service. */
const tries = 5;

export interface ReaperDependencies extends ReapEffects {
  readonly traces: () => Promise<readonly ContainerTraces[]>;
  /** Resolves when the engine answers. */
  readonly whenReady: () => Promise<void>;
  /** What the engine says of all containers now. Rejects when it does not answer. */
  readonly askEngine: () => Promise<Circumstances['engineSays']>;
  /** Undefined while containerd or dockerd is down. */
  readonly starts: () => Omit<Circumstances, 'engineSays'> | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Suspect {
  readonly print: string;
  readonly since: number;
}

/**
 * Ends what a killed containerd, dockerd or runc leaves behind: a `runc init` that waits to be started, a container Docker
 * never learnt of, their shims, records and cgroups. With them go their ids. Looks after each start of a service, and as
 * long as something is suspicious or left over.
 */
export class Reaper {
  readonly #dependencies: ReaperDependencies;
  #suspects: ReadonlyMap<string, Suspect> = new Map();
  readonly #failures = new Map<string, number>();
  #loose = false;
  #asked = false;
  #nap = new AbortController();
  #running = false;

  constructor(dependencies: ReaperDependencies) {
    this.#dependencies = dependencies;
  }

  /** Looks now, as soon as the engine answers. */
  wake(): void {
    this.#asked = true;
    this.#failures.clear();
    this.#nap.abort();
    if (this.#running) return;
    this.#running = true;
    void this.#run().finally(() => {
      this.#running = false;
    });
  }

  async #run(): Promise<void> {
    const { clock, log, whenReady } = this.#dependencies;
    while (this.#asked || this.#loose || this.#suspects.size > 0) {
      this.#asked = false;
      this.#nap = new AbortController();
      try {
        await whenReady();
        await this.#look();
      } catch (error) {
        log.warn({ err: error }, 'could not look for abandoned containers; trying again');
        this.#asked = true;
      }
      const soon = this.#asked || this.#suspects.size > 0;
      /* Woken by a start of a service, it looks at once. */
      if (soon || this.#loose)
        await clock.sleep(soon ? apartMs : idleMs, this.#nap.signal).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const { clock } = this.#dependencies;
    const found = await this.#abandoned();
    const now = clock.now();
    const suspects = new Map<string, Suspect>();
    const condemned: [ContainerTraces, Abandonment][] = [];
    for (const [traces, why] of found) {
      const key = keyOf(traces);
      const print = fingerprint(traces);
      const before = this.#suspects.get(key);
      const since = before?.print === print ? before.since : now;
      if (now - since >= apartMs) condemned.push([traces, why]);
      else suspects.set(key, { print, since });
    }
    this.#suspects = suspects;
    this.#dependencies.removeDeadSockets();
    if (condemned.length === 0) return;
    /* What goes on meanwhile, another look will tell. */
    this.#asked = true;
    const still = await this.#abandoned();
    await Promise.all(
      condemned.map(async ([traces, why]) => {
        const again = still.find(([now]) => keyOf(now) === keyOf(traces));
        if (again !== undefined && fingerprint(again[0]) === fingerprint(traces))
          await this.#reap(traces, why);
      }),
    );
  }

  /** Every container that looks abandoned at this moment, with the reason. */
  async #abandoned(): Promise<(readonly [ContainerTraces, Abandonment])[]> {
    const { traces, askEngine, starts } = this.#dependencies;
    const found = await traces();
    /* Asked after the look: what Docker does not know then, it did not know before either. */
    const engineSays = await askEngine();
    const since = starts();
    if (since === undefined) return [];
    this.#loose = found.some(
      ({ runtimeRoot, containerId }) =>
        runtimeRoot === dockerRuntimeRoot && engineSays(containerId) === 'not running',
    );
    return found.flatMap((container) => {
      const why = whyAbandoned(container, { engineSays, ...since });
      const hopeless = (this.#failures.get(keyOf(container)) ?? 0) >= tries;
      return why === undefined || hopeless ? [] : [[container, why] as const];
    });
  }

  async #reap(traces: ContainerTraces, why: Abandonment): Promise<void> {
    const { log } = this.#dependencies;
    const { containerId, runtimeRoot } = traces;
    const left = [...new Set(traces.left.map(({ kind }) => kind))];
    const about = { containerId, runtimeRoot, left, why: abandonments[why] };
    try {
      const killed = await this.#dependencies.kill(traces);
      await this.#dependencies.cleanUp(traces, why);
      log.info({ ...about, killed }, 'reaped an abandoned container');
    } catch (error) {
      this.#failures.set(keyOf(traces), (this.#failures.get(keyOf(traces)) ?? 0) + 1);
      log.error({ err: error, ...about }, 'could not reap an abandoned container');
    }
  }
}

function keyOf({ runtimeRoot, containerId }: ContainerTraces): string {
  return `${runtimeRoot}/${containerId}`;
}

const live: ReadonlySet<string> = new Set(['running', 'paused', 'restarting']);

/** Reads `GET /containers/json?all=1`. */
export function engineSaysOf(
  containers: readonly { readonly Id: string; readonly State: string }[],
): (containerId: string) => EngineSays {
  const states = new Map(containers.map(({ Id, State }) => [Id, State]));
  return (containerId) => {
    const state = states.get(containerId);
    if (state === undefined) return 'unknown';
    return live.has(state) ? 'running' : 'not running';
  };
}
