import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NativeEngine, startNativeEngine } from '../../dist/vm/native/index.js';
import { builtImageDir } from '../support/built-image.ts';
import { createDocker, type Docker, probe, unique } from '../support/docker.ts';
import { startWorld, worldAddress } from '../support/host-world.ts';
import { portPrograms } from '../support/port-image.ts';

/** Where `stream` is on this machine, and at which port of `worldAddress` one of it serves. */
export const stream = join(portPrograms, 'stream');
export const port = '8997';

/** An engine with a way out, and in a container of it what measures that. */
export interface MeasuredEngine extends AsyncDisposable {
  readonly engine: NativeEngine;
  readonly docker: Docker;
  /** Of the probe, with what measures and what floods. */
  readonly image: string;
  /** What `stream` measures in a container, of the server. */
  readonly relayed: (what: string, ...words: readonly string[]) => Promise<number>;
}

export async function startMeasuredEngine(): Promise<MeasuredEngine> {
  await using undo = new AsyncDisposableStack();
  const world = undo.use(await startWorld());
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-bench-egress-'));
  undo.defer(() => rm(dir, { recursive: true, force: true }));
  const engine = undo.use(
    await startNativeEngine({
      name: `bench-egress-${process.pid}`,
      root: join(await builtImageDir(), 'root.erofs'),
      dataDir: join(dir, 'data'),
      hostDir: join(dir, 'host'),
      egress: { nameServers: [world.nameServer] },
      signal: AbortSignal.timeout(90_000),
    }),
  );
  const server = await serve();
  undo.defer(() => void server.kill('SIGKILL'));
  const docker = createDocker(engine.dockerHost);
  const image = unique('stream');
  const input = `FROM ${probe}\nCOPY stream half-open name-flood /bin/\n`;
  await docker.ok(['build', '-q', '-t', image, '-f', '-', portPrograms], { input });
  const container = await docker.ok(['run', '-d', image, 'sleep', '3600']);
  const all = undo.move();
  return {
    engine,
    docker,
    image,
    relayed: async (what, ...words) =>
      Number(await docker.ok(['exec', container, 'stream', what, worldAddress, port, ...words])),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function serve(): Promise<ChildProcess> {
  const server = spawn(stream, ['serve', worldAddress, port], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(server.stdout, 'data');
  return server;
}
