import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { startNativeEngine } from '../../src/vm/native/index.ts';
import { createDocker, type Docker } from './docker.ts';
import { type EngineInternals, engineInternals } from './engine-internals.ts';

/** What an engine is told that is started with a policy file. */
export interface StartedEngine {
  readonly docker: Docker;
  readonly internals: EngineInternals;
}

/** One machine whose engine is started again and again, each time with another policy: images and containers stay. */
export interface SuccessiveEngines extends AsyncDisposable {
  /** Stops the one before. @param policy what the file says beside its version; without it there is no file. */
  start(policy?: object): Promise<StartedEngine>;
}

/** @param name unique on the machine. */
export async function successiveEngines(name: string): Promise<SuccessiveEngines> {
  const dir = await mkdtemp(join(tmpdir(), `bulkhead-${name}-`));
  let stop = async (): Promise<void> => undefined;
  return {
    async start(policy) {
      await stop();
      stop = async () => undefined;
      await using undo = new AsyncDisposableStack();
      const file = join(dir, 'admin-settings.json');
      await writeFile(file, JSON.stringify({ configurationFileVersion: 2, ...policy }));
      const opened = undo.use(await open(file));
      const engine = await startNativeEngine({
        name: `${name}-${process.pid}`,
        root: inject('testedRoot'),
        dataDir: join(dir, 'data'),
        hostDir: join(dir, 'host'),
        ...(policy === undefined ? {} : { policy: opened }),
        signal: AbortSignal.timeout(90_000),
      });
      stop = () => engine.stop();
      return { docker: createDocker(engine.dockerHost), internals: await engineInternals(engine.pid) };
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
