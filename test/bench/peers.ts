/**
 * What others charge for keeping a container's root from being the machine's, in one run with isolated containers and plain
 * runc. A peer that cannot be had here is named with the reason. Root only.
 */
import { messageOf } from '../../src/common/cause.ts';
import { probe } from '../support/docker.ts';
import { peersUserland, versionOf } from './peers/peers-root.ts';
import { startPodman } from './peers/podman.ts';
import { addRunsc, runsc } from './peers/runsc.ts';
import { startRemappedEngine } from './peers/userns-remap.ts';
import { type BenchmarkRow, median, milliseconds } from './rows.ts';
import { plain } from './runtimes.ts';
import { importWorkImage } from './work/image.ts';
import { fileLoad, type Load, mountLoad, timeInside } from './work/loads.ts';
import { type BenchEngine, startBenchEngine } from './with-engine.ts';

interface Peer {
  readonly name: string;
  /** Milliseconds of one container that does nothing. */
  readonly start: () => Promise<number>;
  /** Absent where the peer is not asked to run the work image. */
  readonly work?: (load: Load) => Promise<number>;
}

export async function benchPeers(rounds = 12): Promise<BenchmarkRow[]> {
  await using cleanup = new AsyncDisposableStack();
  const engine = cleanup.use(await startBenchEngine());
  await importWorkImage(engine.docker);
  const peers: Peer[] = [dockerPeer('plain runc', engine, plain), dockerPeer('isolated', engine, 'bulkhead')];
  const attempt = async (name: string, make: () => Promise<Peer>): Promise<void> => {
    try {
      const peer = await make();
      await peer.start();
      peers.push(peer);
    } catch (error) {
      skip(name, error);
    }
  };
  await attempt('userns-remap', async () => {
    const remapped = cleanup.use(await startRemappedEngine());
    await importWorkImage(remapped.docker);
    return dockerPeer('dockerd with userns-remap', remapped, plain);
  });
  await attempt('gVisor', async () => {
    const userland = await peersUserland();
    await addRunsc(engine, userland);
    return dockerPeer(`gVisor (${versionOf(userland, 'runsc')}, systrap)`, engine, runsc);
  });
  await attempt('podman', async () => {
    const userland = await peersUserland();
    const podman = cleanup.use(await startPodman(engine, userland));
    const name = `podman run --userns=auto (${versionOf(userland, 'podman')})`;
    return { name, start: async () => milliseconds(async () => podman.run(['true'])) };
  });
  return [
    ...(await sideBySide('docker run --rm', rounds, peers, ({ start }) => start)),
    ...(await sideBySide(fileLoad.name, rounds, peers, ({ work }) => work && (async () => work(fileLoad)))),
    ...(await sideBySide(mountLoad.name, rounds, peers, ({ work }) => work && (async () => work(mountLoad)))),
  ];
}

function dockerPeer(name: string, { docker }: BenchEngine, runtime: string): Peer {
  const args = ['run', '--rm', '--runtime', runtime, probe, 'true'];
  return {
    name,
    start: async () => milliseconds(async () => docker.ok(args)),
    work: async (load) => timeInside(docker, runtime, load),
  };
}

/** Every round runs each peer once, starting with another one; the first round warms up and is not counted. */
async function sideBySide(
  what: string,
  rounds: number,
  peers: readonly Peer[],
  measure: (peer: Peer) => (() => Promise<number>) | undefined,
): Promise<BenchmarkRow[]> {
  const columns = peers.flatMap((peer) => {
    const once = measure(peer);
    const times: number[] = [];
    return once === undefined ? [] : [{ name: peer.name, once, times }];
  });
  const failed = new Set<string>();
  for (let round = 0; round <= rounds; round += 1) {
    for (let place = 0; place < columns.length; place += 1) {
      const column = columns[(place + round) % columns.length];
      if (column === undefined || failed.has(column.name)) continue;
      try {
        const elapsed = await column.once();
        if (round > 0) column.times.push(elapsed);
      } catch (error) {
        failed.add(column.name);
        skip(`${what}, ${column.name}`, error);
      }
    }
  }
  const base = columns[0]?.times ?? [];
  return columns
    .filter(({ name }) => !failed.has(name))
    .flatMap(({ name, times }) => {
      const row = { name: `${what}, ${name}`, unit: 'ms', value: median(times) };
      if (times === base) return [row];
      const ratios = times.map((time, round) => time / (base[round] ?? Number.NaN));
      const against = `${what}, ${name} / plain runc, median of ${rounds} rounds`;
      return [row, { name: against, unit: 'ratio', value: median(ratios) }];
    });
}

function skip(name: string, error: unknown): void {
  const reason = messageOf(error);
  console.error(`skipped: ${name}: ${reason.split('\n').slice(0, 3).join(' ')}`);
}
