import { Socket } from 'node:net';
import type { Logger } from '../common/log.js';
import { systemClock } from '../common/system-clock.js';
import type { Lease } from '../runtime/index.js';
import type { DaemonArguments } from './arguments.js';
import { Engine } from './engine/engine.js';
import type { EngineClient } from './engine/engine-client.js';
import { enginePaths } from './engine/engine-facts.js';
import { ensureProbeImage } from './engine/probe-image.js';
import { freeHeldStarts, StartWatch } from './engine/start-watch.js';
import { keepStorageReserve, releaseReserve, StorageReserve } from './engine/storage-reserve.js';
import { Supervisor } from './engine/supervisor.js';
import { type InitLink, openInitLink } from './init/init-link.js';
import type { PhaseSink } from './init/phase-sink.js';
import { createPowerOff } from './power-off.js';
import { createReaper } from './reaping/create-reaper.js';
import { untilExists } from './socket-watch.js';

/** Of whom the engine is kept, and what is kept by its containers. */
export interface EngineKeeping {
  readonly args: Pick<DaemonArguments, 'initFd' | 'mode'>;
  readonly client: EngineClient;
  readonly phases: PhaseSink;
  /** The id ranges containers have now. */
  readonly leases: () => readonly Lease[];
  /** Where cgroups of containers are. */
  readonly cgroups: { readonly hierarchies: readonly string[]; readonly parents: readonly string[] };
  /** Runs whenever a service has been started and the engine answers again. */
  readonly sweep: () => void;
  readonly log: Logger;
}

export interface KeptEngine {
  readonly link: InitLink;
  readonly supervisor: Supervisor;
  readonly engine: Engine;
  readonly startWatch: StartWatch;
  readonly powerOff: () => Promise<void>;
}

/** Keeps containerd and dockerd running by way of PID 1, frees what their deaths leave behind, and ends them in order. */
export function keepEngine({ args, client, phases, leases, cgroups, sweep, log }: EngineKeeping): KeptEngine {
  const clock = systemClock;
  const link = openInitLink(new Socket({ fd: args.initFd, readable: true, writable: true }), (line) => {
    log.warn({ line }, 'PID 1 said something unknown');
  });
  const supervisor = new Supervisor(link, clock, log);
  const startWatch = new StartWatch({
    clock,
    look: () => {
      freeHeldStarts(supervisor.status().dockerd.pid, log);
    },
    containers: () => leases().length > 0,
    log,
  });
  const engine = new Engine({
    supervisor,
    client,
    clock,
    log,
    phases,
    untilSocket: (signal) => untilExists(enginePaths.socket, signal),
    startWatch,
    prepare: (signal) => ensureProbeImage(client, signal),
  });
  const whenReady = (): Promise<void> => engine.whenReady(new AbortController().signal);
  const reaper = createReaper({
    supervisor,
    engine,
    client,
    leases,
    ...cgroups,
    unmountStep: (step) => {
      link.send({ kind: 'unmount-step', step });
    },
    clock,
    log,
  });
  supervisor.onRunning(() => {
    reaper.wake();
    void whenReady().then(sweep);
  });
  const reserve = new StorageReserve({ directory: `${enginePaths.dataRoot}/bulkhead-reserve` });
  supervisor.onDown((service) => {
    releaseReserve(reserve, supervisor.status()[service].lastExit, log);
  });
  void keepStorageReserve(reserve, { whenReady, clock, log });
  const powerOff = createPowerOff({
    supervisor,
    client,
    link,
    phases,
    clock,
    log,
    engineConfigPath: enginePaths.config,
    ownsDisk: args.mode === 'vm',
  });
  return { link, supervisor, engine, startWatch, powerOff };
}
