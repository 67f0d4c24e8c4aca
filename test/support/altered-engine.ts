import { type FileHandle, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { Settings } from '../../src/policy/index.ts';
import { alteredRoot } from './altered-root.ts';
import type { Health } from '../../src/common/health.ts';
import { readStatus } from './control.ts';
import type { Docker } from './docker.ts';
import type { EngineInternals } from './engine-internals.ts';
import { startOwnEngine } from './own-engine.ts';

/** An engine of its own whose daemon decides otherwise. */
export interface AlteredEngine extends AsyncDisposable {
  readonly docker: Docker;
  readonly internals: EngineInternals;
  /** What the daemon says of itself. */
  health(): Promise<Health>;
  /** Empty at first, for what the tests need, and shared with its containers; goes with the engine. */
  readonly dir: string;
}

export interface Alterations {
  /** Rules the daemon lacks, by name. */
  readonly without?: readonly string[];
  /** What the organization's policy says under `bulkhead`. */
  readonly policy?: Settings['bulkhead'];
  /** The user's settings, a document. */
  readonly settings?: object;
}

/** @param name unique on the machine. */
export async function startAlteredEngine(
  name: string,
  { without = [], policy, settings }: Alterations,
): Promise<AlteredEngine> {
  await using undo = new AsyncDisposableStack();
  const work = await mkdtemp(join(tmpdir(), `bulkhead-altered-${name}-`));
  undo.defer(() => rm(work, { recursive: true, force: true }));
  const [rootDir, dir] = [await mkdtemp(join(work, 'root-')), await mkdtemp(join(work, 'tests-'))];
  const root = without.length === 0 ? undefined : await alteredRoot(inject('testedRoot'), rootDir, without);
  if (root !== undefined) undo.defer(() => root.unmount());
  const opened = async (file: string, document: object): Promise<FileHandle> => {
    await writeFile(join(work, file), JSON.stringify(document));
    return undo.use(await open(join(work, file)));
  };
  const engine = undo.use(
    await startOwnEngine(name, {
      ...(root === undefined ? {} : { root: root.path }),
      shares: [{ path: dir, readOnly: false }],
      ...(policy === undefined
        ? {}
        : {
            policy: await opened('admin-settings.json', { configurationFileVersion: 2, bulkhead: policy }),
          }),
      ...(settings === undefined ? {} : { settings: await opened('settings.json', settings) }),
    }),
  );
  const all = undo.move();
  return {
    docker: engine.docker,
    internals: engine.internals,
    health: () => readStatus(engine.controlSocket),
    dir,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
