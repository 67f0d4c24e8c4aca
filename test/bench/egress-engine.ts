import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAuthority } from '../../dist/egress/engine-traffic/index.js';
import {
  type EgressOptions,
  type NativeEngine,
  type NativeEngineOptions,
  startNativeEngine,
} from '../../dist/vm/native/index.js';
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
  /** Where what goes with the engine is. */
  readonly dir: string;
  readonly docker: Docker;
  /** Of the probe, with what measures and what floods. */
  readonly image: string;
  /** What `stream` measures in a container, of the server. */
  readonly relayed: (what: string, ...words: readonly string[]) => Promise<number>;
  /** The same container has resolved the name. */
  readonly resolved: (name: string) => Promise<void>;
}

export interface MeasuredPolicy {
  /** The policy's part of that name; without one everything is allowed. */
  readonly bulkhead: object;
  /** Where certificates of registries are. */
  readonly certificates?: string;
}

export async function startMeasuredEngine(policy?: MeasuredPolicy): Promise<MeasuredEngine> {
  await using undo = new AsyncDisposableStack();
  const world = undo.use(await startWorld());
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-bench-egress-'));
  undo.defer(() => rm(dir, { recursive: true, force: true }));
  const decided = policy === undefined ? undefined : undo.use(await decidedBy(policy, dir));
  const engine = undo.use(
    await startNativeEngine({
      name: `bench-egress-${process.pid}`,
      root: join(await builtImageDir(), 'root.erofs'),
      dataDir: join(dir, 'data'),
      hostDir: join(dir, 'host'),
      ...decided?.options,
      egress: { nameServers: [world.nameServer], ...decided?.egress },
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
    dir,
    docker,
    image,
    relayed: async (what, ...words) =>
      Number(await docker.ok(['exec', container, 'stream', what, worldAddress, port, ...words])),
    async resolved(name) {
      await docker.ok(['exec', container, 'nslookup', name]);
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function serve(): Promise<ChildProcess> {
  const server = spawn(stream, ['serve', worldAddress, port], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(server.stdout, 'data');
  return server;
}

async function decidedBy(
  { bulkhead, certificates }: MeasuredPolicy,
  dir: string,
): Promise<{
  readonly options: Pick<NativeEngineOptions, 'policy' | 'authority'>;
  readonly egress: Partial<EgressOptions>;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const path = join(dir, 'policy.json');
  const policy = JSON.stringify({
    configurationFileVersion: 2,
    bulkhead: { contact: 'it@example.com', ...bulkhead },
  });
  await writeFile(path, policy);
  const opened = await open(path);
  return {
    options: { policy: opened, authority: makeAuthority() },
    egress: { policy, ...(certificates === undefined ? {} : { certificates }) },
    [Symbol.asyncDispose]: () => opened.close(),
  };
}
