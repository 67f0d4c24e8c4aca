import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import { startTimeOf } from '../../runtime/index.js';
import { readTraces, type TraceSources } from './container-traces.js';
import type { Engine } from '../engine/engine.js';
import type { EngineClient } from '../engine/engine-client.js';
import { createReapEffects, realSystem } from './reap.js';
import { engineSaysOf, Reaper } from './reaper.js';
import type { Supervisor } from '../engine/supervisor.js';

/** Milliseconds for the engine's list of containers. */
const listDeadline = 30_000;

export interface ReaperParts extends TraceSources {
  readonly supervisor: Supervisor;
  readonly engine: Engine;
  readonly client: EngineClient;
  readonly unmountStep: (step: string) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The reaper with its effects on this machine. */
export function createReaper(parts: ReaperParts): Reaper {
  const { supervisor, engine, client, clock, log } = parts;
  return new Reaper({
    ...createReapEffects(parts, clock, realSystem(parts.unmountStep)),
    traces: () => readTraces(parts),
    whenReady: () => engine.whenReady(new AbortController().signal),
    askEngine: async () => engineSaysOf(await client.containers(AbortSignal.timeout(listDeadline))),
    starts: () => {
      const { containerd, dockerd } = supervisor.status();
      const startOf = (pid: number | null): number => Number(pid === null ? undefined : startTimeOf(pid));
      const engineSince = startOf(dockerd.pid);
      const servicesSince = Math.max(engineSince, startOf(containerd.pid));
      return Number.isNaN(servicesSince) ? undefined : { engineSince, servicesSince };
    },
    clock,
    log,
  });
}
