import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type NativeEngine, type NativeEngineOptions, startNativeEngine } from '../../src/vm/native/index.ts';
import { createDocker, type Docker } from './docker.ts';
import { type EngineInternals, engineInternals } from './engine-internals.ts';

/** An engine in native mode that no other test file uses: what is killed or counted there concerns nobody else. */
export interface OwnEngine
  extends
    AsyncDisposable,
    Pick<NativeEngine, 'dockerHost' | 'controlSocket' | 'exited' | 'gateway' | 'stop'> {
  /** Path of its `docker.sock`. */
  readonly socket: string;
  readonly docker: Docker;
  readonly internals: EngineInternals;
}

/** What is not said is the same as that of the other tests. */
export interface OwnEngineOptions extends Partial<Omit<NativeEngineOptions, 'name'>> {
  /**
   * Holds what it keeps (`data`) and its sockets (`host`), and stays: an engine that is started on it again has the same containers. Without
   * it there is a new one, which goes with the engine.
   */
  readonly dir?: string | undefined;
}

/** @param name unique on the machine. */
export async function startOwnEngine(
  name: string,
  { dir: kept, root = inject('testedRoot'), ...options }: OwnEngineOptions = {},
): Promise<OwnEngine> {
  await using undo = new AsyncDisposableStack();
  const dir = kept ?? (await mkdtemp(join(tmpdir(), `bulkhead-${name}-`)));
  if (kept === undefined) undo.defer(() => rm(dir, { recursive: true, force: true }));
  const engine = undo.use(
    await startNativeEngine({
      name: `${name}-${process.pid}`,
      root,
      dataDir: join(dir, 'data'),
      hostDir: join(dir, 'host'),
      signal: AbortSignal.timeout(90_000),
      ...options,
    }),
  );
  const docker = createDocker(engine.dockerHost);
  const internals = await engineInternals(engine.pid);
  const all = undo.move();
  const stop = (): Promise<void> => all.disposeAsync();
  return {
    socket: docker.socket,
    dockerHost: engine.dockerHost,
    controlSocket: engine.controlSocket,
    exited: engine.exited,
    gateway: engine.gateway,
    docker,
    internals,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
