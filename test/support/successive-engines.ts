import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OwnEngine, startOwnEngine } from './own-engine.ts';

/** One machine whose engine is started again and again, each time with another policy: images and containers stay. */
export interface SuccessiveEngines extends AsyncDisposable {
  /** Stops the one before. @param policy what the file says beside its version; without it there is no file. */
  start(policy?: object): Promise<Pick<OwnEngine, 'docker' | 'internals'>>;
}

/**
 * @param name unique on the machine.
 * @param root what they run, where that is not the root of the other tests.
 */
export async function successiveEngines(name: string, root?: string): Promise<SuccessiveEngines> {
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
      const engine = await startOwnEngine(name, {
        dir,
        ...(root === undefined ? {} : { root }),
        ...(policy === undefined ? {} : { policy: opened }),
      });
      stop = () => engine.stop();
      return engine;
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
