import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type Alterations, alteredRoot } from './altered-root.ts';
import { createDocker, type Docker } from './docker.ts';
import type { EngineInternals } from './engine-internals.ts';
import { startOwnEngine } from './own-engine.ts';

/** An engine of its own whose daemon decides otherwise. */
export interface AlteredEngine extends AsyncDisposable {
  readonly docker: Docker;
  readonly internals: EngineInternals;
  /** Empty at first, for what the tests need, and shared with its containers; goes with the engine. */
  readonly dir: string;
}

/** @param name unique on the machine. */
export async function startAlteredEngine(name: string, alterations: Alterations): Promise<AlteredEngine> {
  await using undo = new AsyncDisposableStack();
  const work = await mkdtemp(join(tmpdir(), `bulkhead-altered-${name}-`));
  undo.defer(() => rm(work, { recursive: true, force: true }));
  const [rootDir, dir] = [await mkdtemp(join(work, 'root-')), await mkdtemp(join(work, 'tests-'))];
  const root = await alteredRoot(inject('testedRoot'), rootDir, alterations);
  undo.defer(() => root.unmount());
  const engine = undo.use(
    await startOwnEngine(name, root.path, { shares: [{ path: dir, readOnly: false }] }),
  );
  const all = undo.move();
  return {
    docker: createDocker(engine.dockerHost),
    internals: engine.internals,
    dir,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
