import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startNativeEngine } from '../../src/vm/native/index.ts';
import { testedRoot } from './tested-root.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly dockerHost: string;
    readonly controlSocket: string;
    readonly enginePid: number;
    /** What an engine of a file's own runs (`startNativeEngine`). */
    readonly testedRoot: string;
  }
}

/** One engine in native mode for every file of the `engine` project; data and sockets are its own and go with it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const tested = await testedRoot();
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-engine-'));
  const engine = await startNativeEngine({
    name: `test-${process.pid}`,
    root: tested.root,
    dataDir: join(dir, 'data'),
    hostDir: join(dir, 'host'),
    signal: AbortSignal.timeout(60_000),
  });
  project.provide('dockerHost', engine.dockerHost);
  project.provide('controlSocket', engine.controlSocket);
  project.provide('enginePid', engine.pid);
  project.provide('testedRoot', tested.root);
  return async () => {
    await engine.stop();
    await rm(dir, { recursive: true, force: true });
    await tested[Symbol.asyncDispose]();
  };
}
