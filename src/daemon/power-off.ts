import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Clock } from '../common/clock.js';
import type { Logger } from '../common/log.js';
import type { EngineClient } from './engine/engine-client.js';
import type { InitLink } from './init/init-link.js';
import type { PhaseSink } from './init/phase-sink.js';
import type { Supervisor } from './engine/supervisor.js';

/** Together at most 8.5 s, so that PID 1 has its share of the time a person waits for `bulkhead down` (src/vm/machine.ts). */
const reloadDeadlineMs = 1_000;
const engineDeadlineMs = 6_500;
const containerdDeadlineMs = 1_000;
/** Seconds dockerd gives the containers to stop. */
const containerGraceSeconds = 5;

const sigHup = 1;

export interface PowerOffDependencies {
  readonly supervisor: Pick<Supervisor, 'signal' | 'stop'>;
  readonly client: Pick<EngineClient, 'awaitReload'>;
  readonly link: Pick<InitLink, 'send'>;
  readonly phases: Pick<PhaseSink, 'phase'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** The engine's configuration file. PID 1 copies it to tmpfs at boot, so it is writable and lost afterwards. */
  readonly engineConfigPath: string;
  /** In the VM. Elsewhere the data is on a file system of the host's, which goes on. */
  readonly ownsDisk: boolean;
}

/**
 * Orderly stop: containers, engine, containerd, then PID 1 does the rest. The containers are stopped by dockerd's own
 * shutdown, not by API calls: a container stopped through the API counts as stopped by a person, and
 * `--restart unless-stopped` would not bring it back at the next boot. For that live-restore, which otherwise lets containers
 * outlive a crash of dockerd, is switched off first (dockerd reloads it on SIGHUP).
 */
export function createPowerOff(dependencies: PowerOffDependencies): () => Promise<void> {
  let running: Promise<void> | null = null;
  return async () => {
    running ??= powerOff(dependencies);
    return running;
  };
}

async function powerOff(d: PowerOffDependencies): Promise<void> {
  d.phases.phase('powering-off');
  // Now, and not only at the end: whatever the plug is pulled on, it is the last seconds at most.
  if (d.ownsDisk) d.link.send({ kind: 'sync' });
  try {
    await endLiveRestore(d);
  } catch (error) {
    d.log.warn(
      { err: error },
      'containers will be killed, not stopped: the engine did not take its new configuration',
    );
  }
  if (!(await d.supervisor.stop('dockerd', engineDeadlineMs))) d.log.warn('dockerd did not stop in time');
  if (!(await d.supervisor.stop('containerd', containerdDeadlineMs)))
    d.log.warn('containerd did not stop in time');
  d.link.send({ kind: 'power-off' });
}

async function endLiveRestore(d: PowerOffDependencies): Promise<void> {
  const abort = new AbortController();
  const timer = d.clock.sleep(reloadDeadlineMs, abort.signal).then(
    () => {
      abort.abort(new Error('no answer from the engine'));
    },
    () => undefined,
  );
  try {
    const config = z
      .record(z.string(), z.unknown())
      .parse(JSON.parse(await readFile(d.engineConfigPath, 'utf8')));
    await writeFile(
      d.engineConfigPath,
      JSON.stringify({ ...config, 'live-restore': false, 'shutdown-timeout': containerGraceSeconds }),
    );
    const { ready, reloaded } = d.client.awaitReload(abort.signal);
    reloaded.catch(() => undefined);
    await ready;
    d.supervisor.signal('dockerd', sigHup);
    await reloaded;
  } finally {
    abort.abort();
    await timer;
  }
}
