/**
 * What it costs that the engine's connections to registries are ended on their way: `docker pull` of an image of a gigabyte from Debian's registry on this machine, with TLS,
 * by relay and gateway under a policy with rules for registries, and directly, in turns. The same files are served both ways.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Docker } from '../support/docker.ts';
import { engineInternals } from '../support/engine-internals.ts';
import { eventually } from '../support/eventually.ts';
import { worldAddress } from '../support/host-world.ts';
import { processorSeconds, residentMemory } from '../support/process-figures.ts';
import { relayOf } from '../support/relay-of.ts';
import { archiveOf, registryRecipe } from '../support/test-images.ts';
import { shownBy, world } from '../support/tls-registry.ts';
import { startMeasuredEngine } from './egress-engine.ts';
import { alternate, type BenchmarkRow, milliseconds } from './rows.ts';

const rounds = 6;
const layers = 4;
const layerBytes = 256 * 1024 * 1024;
const megabytes = (layers * layerBytes) / 1e6;
const through = 'registry.test/bench/image:1';
/** Of the engine's own loopback, to which it goes by itself and where it asks for no certificate. */
const ownPort = 5001;
const direct = `127.0.0.1:${ownPort}/bench/image:1`;

export async function benchEgressPull(): Promise<BenchmarkRow[]> {
  await using undo = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-bench-pull-'));
  undo.defer(() => rm(dir, { recursive: true, force: true }));
  const certificates = join(dir, 'certs.d');
  await mkdir(join(certificates, 'registry.test'), { recursive: true });
  await writeFile(join(certificates, 'registry.test', 'ca.crt'), world);
  const rules = [
    { host: 'registry.test', push: true },
    { host: '127.0.0.1', port: ownPort },
  ];
  const bulkhead = { registryAccess: { rules } };
  const { engine, docker } = undo.use(await startMeasuredEngine({ bulkhead, certificates }));
  const registry = await unpackedRegistry(join(dir, 'registry'));
  undo.use(serve(registry, `${worldAddress}:443`, []));
  const { init } = await engineInternals(engine.pid);
  const inEngine = ['/usr/bin/nsenter', '-t', String(init), '-n'];
  undo.use(serve(registry, `127.0.0.1:${ownPort}`, inEngine));
  await pushImage(docker, join(dir, 'context'), through);
  const gateway = engine.gateway?.pid ?? 0;
  const relay = await relayOf(engine.dockerHost);
  const used = { gateway: 0, relay: 0 };
  /** Without the removal, which is the same both ways. */
  const pull = async (name: string): Promise<number> => {
    const taken = await milliseconds(() => docker.ok(['pull', '-q', name]));
    await docker.ok(['rmi', name]);
    return taken;
  };
  const before = await residentMemory(gateway);
  const pulls = await alternate(
    rounds,
    async () => {
      const [ofGateway, ofRelay] = [processorSeconds(gateway), processorSeconds(relay)];
      const taken = await pull(through);
      used.gateway += processorSeconds(gateway) - ofGateway;
      used.relay += processorSeconds(relay) - ofRelay;
      return taken;
    },
    () => pull(direct),
  );
  const after = await residentMemory(gateway);
  const speed = (ms: number): number => (megabytes * 1000) / ms;
  return [
    { name: 'docker pull through the gateway', unit: 'MB/s', value: speed(pulls.a) },
    { name: 'the same directly', unit: 'MB/s', value: speed(pulls.b) },
    { name: 'through / directly, median of pairs', unit: 'ratio', value: 1 / pulls.ratio },
    { name: 'processor of the gateway for a pull', unit: 's', value: used.gateway / (rounds + 1) },
    { name: 'processor of the relay for a pull', unit: 's', value: used.relay / (rounds + 1) },
    { name: 'memory of the gateway, before', unit: 'MiB', value: before },
    { name: 'memory of the gateway, after', unit: 'MiB', value: after },
  ];
}

/** Debian's registry, with a certificate for the name. */
async function unpackedRegistry(dir: string): Promise<string> {
  await mkdir(dir);
  await execa('tar', ['-x', '-f', await archiveOf(registryRecipe), '-C', dir]);
  const { cert, key } = shownBy('registry.test');
  await writeFile(join(dir, 'cert.pem'), cert);
  await writeFile(join(dir, 'key.pem'), key);
  return dir;
}

/** @param inside what it is started by, which puts it into another network. */
function serve(registry: string, address: string, inside: readonly string[]): AsyncDisposable {
  const [program, ...words] = [...inside, '/usr/sbin/chroot', registry, '/usr/bin/docker-registry'];
  const child = execa(program, [...words, 'serve', '/etc/docker/registry/config.yml'], {
    env: {
      REGISTRY_HTTP_ADDR: address,
      REGISTRY_HTTP_TLS_CERTIFICATE: '/cert.pem',
      REGISTRY_HTTP_TLS_KEY: '/key.pem',
      OTEL_TRACES_EXPORTER: 'none',
    },
    extendEnv: false,
    stdio: 'ignore',
    reject: false,
  });
  return {
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await child;
    },
  };
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
