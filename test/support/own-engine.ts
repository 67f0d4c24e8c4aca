import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type NativeEngine, type NativeEngineOptions, startNativeEngine } from '../../src/vm/native/index.ts';
import { type EngineInternals, engineInternals } from './engine-internals.ts';

/** An engine in native mode that no other test file uses: what is killed or counted there concerns nobody else. */
export interface OwnEngine
  extends AsyncDisposable, Pick<NativeEngine, 'dockerHost' | 'controlSocket' | 'exited'> {
  /** Path of its `docker.sock`. */
  readonly socket: string;
  readonly internals: EngineInternals;
}

/**
 * @param name unique on the machine; the engine's data and sockets go with it.
 * @param root the root to run; without it that of the other tests.
 * @param sharing what of this machine its containers may have, and the policy and settings it runs with.
 */
export async function startOwnEngine(
  name: string,
  root?: string,
  sharing: Pick<NativeEngineOptions, 'shares' | 'sshAgent' | 'policy' | 'settings'> = {},
): Promise<OwnEngine> {
  const dir = await mkdtemp(join(tmpdir(), `bulkhead-${name}-`));
  const hostDir = join(dir, 'host');
  const removeDir = (): Promise<void> => rm(dir, { recursive: true, force: true });
  const engine = await startIn(dir, hostDir, name, root, sharing).catch(async (error: unknown) => {
    await removeDir();
    throw error;
  });
  return {
    socket: join(hostDir, 'docker.sock'),
    dockerHost: engine.dockerHost,
    controlSocket: engine.controlSocket,
    exited: engine.exited,
    internals: await engineInternals(engine.pid),
    async [Symbol.asyncDispose]() {
      await engine.stop();
      await removeDir();
    },
  };
}

async function startIn(
  dir: string,
  hostDir: string,
  name: string,
  root: string | undefined,
  sharing: Pick<NativeEngineOptions, 'shares' | 'sshAgent' | 'policy' | 'settings'>,
): Promise<NativeEngine> {
  return startNativeEngine({
    name: `${name}-${process.pid}`,
    root: root ?? inject('testedRoot'),
    dataDir: join(dir, 'data'),
    hostDir,
    ...sharing,
    signal: AbortSignal.timeout(90_000),
  });
}
