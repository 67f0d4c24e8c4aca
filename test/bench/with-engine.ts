import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startNativeEngine } from '../../dist/vm/native/index.js';
import { builtImageDir } from '../support/built-image.ts';
import { createDocker, type Docker } from '../support/docker.ts';
import { type EngineInternals, engineInternals } from '../support/engine-internals.ts';
import { type DataDisk, makeDataDisk } from './data-disk.ts';
import { addPlainRuntime } from './runtimes.ts';

export interface BenchEngine extends AsyncDisposable {
  /** Talks to dockerd itself. */
  readonly docker: Docker;
  /** Talks to the gate, as a developer does. */
  readonly gated: Docker;
  readonly internals: EngineInternals;
  readonly controlSocket: string;
  readonly disk: DataDisk;
  /** Of the host, on the same disk as the engine's data. */
  readonly sharedDirectory: string;
}

/**
 * An engine in native mode that also has the runtime `plain-runc`; disposing of it leaves nothing. Root only.
 *
 * @param root the root to run; without it that of the built image.
 */
export async function startBenchEngine(name = 'bench', root?: string): Promise<BenchEngine> {
  const cleanup = new AsyncDisposableStack();
  try {
    const disk = cleanup.use(await makeDataDisk());
    const sharedDirectory = join(disk.path, 'shared');
    await mkdir(sharedDirectory);
    const engine = cleanup.use(
      await startNativeEngine({
        name: `${name}-${process.pid}`,
        root: root ?? join(await builtImageDir(), 'root.erofs'),
        dataDir: join(disk.path, 'engine'),
        hostDir: join(disk.dir, 'host'),
        shares: [{ path: sharedDirectory, readOnly: false }],
        signal: AbortSignal.timeout(60_000),
      }),
    );
    const internals = await engineInternals(engine.pid);
    // The gate would have every container isolated.
    const docker = createDocker(internals.rawHost);
    await addPlainRuntime(internals, docker);
    const dispose = async (): Promise<void> => cleanup.disposeAsync();
    return {
      docker,
      gated: createDocker(engine.dockerHost),
      internals,
      controlSocket: engine.controlSocket,
      disk,
      sharedDirectory,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await cleanup.disposeAsync();
    throw error;
  }
}
