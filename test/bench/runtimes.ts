import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Docker } from '../support/docker.ts';
import type { EngineInternals } from '../support/engine-internals.ts';

/** A runtime name that leads past the front door; only the benchmarks' engines have it. */
export const plain = 'plain-runc';

export interface Runtime {
  readonly path: string;
  readonly runtimeArgs?: readonly string[];
}

/** runc itself beside the front door, on the same engine. */
export async function addPlainRuntime(engine: EngineInternals, docker: Docker): Promise<void> {
  await addRuntime(engine, docker, plain, { path: '/usr/lib/bulkhead/runc' });
}

/** Makes an OCI runtime known to the running dockerd under `name`. Its path is one of the engine's root. */
export async function addRuntime(
  engine: EngineInternals,
  docker: Docker,
  name: string,
  runtime: Runtime,
): Promise<void> {
  await changeEngineConfiguration(engine, (config) => {
    config.runtimes[name] = runtime;
  });
  const dockerd = await engine.pidOf('dockerd');
  if (dockerd === undefined) throw new Error('dockerd does not run');
  process.kill(dockerd, 'SIGHUP');
  for (let attempt = 0; attempt < 50; attempt += 1) {
    if ((await docker.ok(['info', '--format', '{{json .Runtimes}}'])).includes(`"${name}"`)) return;
  }
  throw new Error(`the engine did not take the runtime ${name}`);
}

const configurationSchema = z.looseObject({ runtimes: z.record(z.string(), z.unknown()) });

/** Changes what dockerd reads at its next start or SIGHUP. */
export async function changeEngineConfiguration(
  engine: EngineInternals,
  change: (config: z.infer<typeof configurationSchema>) => void,
): Promise<void> {
  const path = engine.path('/run/bulkhead/engine/dockerd.json');
  const config = configurationSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  change(config);
  await writeFile(path, JSON.stringify(config));
}
