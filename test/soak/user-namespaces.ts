import { readdir, readFile, readlink } from 'node:fs/promises';
import { disjoint, type IdMap, parseIdMap } from '../support/id-map.ts';
import type { EngineInternals } from '../support/engine-internals.ts';

/** A process of the engine's pid namespace that is in the cgroup of a container. */
export interface ContainerProcess {
  /** As the engine's pid namespace numbers it. */
  readonly pid: number;
  readonly containerId: string;
  /** Inode link of its user namespace, `user:[…]`. */
  readonly userNamespace: string;
  /** Of the user namespace above; as written in /proc, because a hole may have any form. */
  readonly uidMap: string;
}

/**
 * runc's own process in the cgroup of a container it still makes: first in the engine's user namespace, then in one without a map.
 * Its programs are a file of the verified root and copies of it that have no path outside of runc.
 */
const runc =
  /^(?:\/usr\/(?:sbin|lib\/bulkhead)\/runc|\/runc|\/memfd:runc_cloned:\/proc\/self\/exe \(deleted\))$/;

/** Every process that runs as part of a container, as the kernel says: the engine is not asked. */
export async function containerProcesses(engine: EngineInternals): Promise<ContainerProcess[]> {
  const pids = (await readdir(engine.path('/proc'))).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => describe(engine, pid)));
  return found.filter((process) => process !== undefined);
}

async function describe(engine: EngineInternals, pid: number): Promise<ContainerProcess | undefined> {
  const at = engine.path(`/proc/${pid}`);
  try {
    // First of all: what is read after it is then that of the same program or a later one.
    if (runc.test(await readlink(`${at}/exe`))) return undefined;
    const containerId = /\/docker\/([0-9a-f]{64})/.exec(await readFile(`${at}/cgroup`, 'utf8'))?.[1];
    if (containerId === undefined) return undefined;
    const [userNamespace, uidMap] = await Promise.all([
      readlink(`${at}/ns/user`),
      readFile(`${at}/uid_map`, 'utf8'),
    ]);
    return { pid, containerId, userNamespace, uidMap };
  } catch {
    return undefined; // it has ended meanwhile, or is a zombie
  }
}

/**
 * The range of each user namespace that container processes are in.
 *
 * @throws when one is in the engine's own namespace, has not exactly one range above the machine's own ids, or when
 * the ranges of two namespaces meet.
 */
export async function exclusiveRanges(
  engine: EngineInternals,
  processes: readonly ContainerProcess[],
): Promise<IdMap[]> {
  const own = await readlink(`/proc/${engine.init}/ns/user`);
  const maps = new Map<string, IdMap>();
  for (const { userNamespace, uidMap, containerId } of processes) {
    if (userNamespace === own)
      throw new Error(`unprotected: ${containerId} is in the engine's user namespace`);
    const map = parseIdMap(uidMap);
    if (map.inside !== 0 || map.base < 100_000 || map.size !== 65_536)
      throw new Error(`unprotected: ${containerId} has the map ${uidMap.trim()}`);
    maps.set(userNamespace, map);
  }
  const ranges = [...maps.values()].sort((one, other) => one.base - other.base);
  for (const [index, range] of ranges.entries()) {
    const next = ranges[index + 1];
    // Sorted by their bases, so two ranges that meet make two neighbours that do.
    if (next !== undefined && !disjoint(range, next))
      throw new Error(`ranges meet: ${range.base} and ${next.base}`);
  }
  return ranges;
}
