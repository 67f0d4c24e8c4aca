/**
 * What it costs that the engine's connections to registries are ended on their way: `docker pull` of an image of a gigabyte from Debian's registry on this machine, with
 * TLS, through the gateway's part for it and directly, in turns.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAuthority } from '../../dist/egress/engine-traffic/index.js';
import { startNativeEngine } from '../../dist/vm/native/index.js';
import { builtImageDir } from '../support/built-image.ts';
import { createDocker, type Docker } from '../support/docker.ts';
import { engineInternals } from '../support/engine-internals.ts';
import { startEngineTraffic } from '../support/engine-traffic.ts';
import { eventually } from '../support/eventually.ts';
import { startTlsRegistry, world } from '../support/tls-registry.ts';
import { type BenchmarkRow, milliseconds, pairs } from './rows.ts';

const rounds = 3;
const layers = 4;
const layerBytes = 256 * 1024 * 1024;
const megabytes = (layers * layerBytes) / 1e6;
const through = 'registry.test/bench/image:1';

export async function benchEgressPull(): Promise<BenchmarkRow[]> {
  await using undo = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-bench-pull-'));
  undo.defer(() => rm(dir, { recursive: true, force: true }));
  const authority = makeAuthority();
  const engine = undo.use(
    await startNativeEngine({
      name: `bench-pull-${process.pid}`,
      root: join(await builtImageDir(), 'root.erofs'),
      dataDir: join(dir, 'data'),
      hostDir: join(dir, 'host'),
      authority,
      signal: AbortSignal.timeout(90_000),
    }),
  );
  const docker = createDocker(engine.dockerHost);
  // The certificate is for the address: dockerd asks for no certificate at its own loopback, and the other way is told not to.
  const registry = undo.use(await startTlsRegistry(docker, '127.0.0.1'));
  const traffic = undo.use(
    await startEngineTraffic(await engineInternals(engine.pid), ['registry.test'], {
      authority,
      world,
      registries: { 'registry.test': registry.port },
      insecure: ['registry.test'],
      bulkhead: { registryAccess: { rules: [{ host: 'registry.test' }] } },
    }),
  );
  const direct = `127.0.0.1:${registry.port}/bench/image:1`;
  await pushImage(docker, join(dir, 'context'), direct);
  const pull = async (name: string): Promise<void> => {
    await docker.ok(['pull', '-q', name]);
    await docker.ok(['rmi', name]);
  };
  const before = await traffic.tell({});
  const pulls = await pairs(
    rounds,
    () => pull(through),
    () => pull(direct),
  );
  const after = await traffic.tell({});
  // Of what was measured the removal is a part, which is the same both ways; without it:
  await docker.ok(['pull', '-q', direct]);
  const removal = await milliseconds(() => docker.ok(['rmi', direct]));
  const speed = (ms: number): number => (megabytes * 1000) / (ms - removal);
  return [
    { name: 'docker pull through the gateway', unit: 'MB/s', value: speed(pulls.a) },
    { name: 'the same directly', unit: 'MB/s', value: speed(pulls.b) },
    { name: 'through / directly', unit: 'x', value: speed(pulls.a) / speed(pulls.b) },
    { name: 'memory of the process that ends connections, before', unit: 'MB', value: before / 1e6 },
    { name: 'memory of it, after', unit: 'MB', value: after / 1e6 },
  ];
}

async function pushImage(docker: Docker, context: string, name: string): Promise<void> {
  const files = Array.from({ length: layers }, (_, at) => `layer${at}`);
  await rm(context, { recursive: true, force: true });
  const dir = await mkdtemp(`${context}-`);
  for (const file of files) await writeFile(join(dir, file), randomBytes(layerBytes));
  const copies = files.map((file) => `COPY ${file} /${file}\n`).join('');
  await writeFile(join(dir, 'Dockerfile'), `FROM scratch\n${copies}`);
  await docker.ok(['build', '-q', '-t', name, dir]);
  await rm(dir, { recursive: true });
  await eventually(() => docker.ok(['push', '-q', name]), 120_000);
  await docker.ok(['rmi', name]);
  await docker.ok(['builder', 'prune', '-a', '-f']);
}
