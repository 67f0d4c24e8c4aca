import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineInternals } from '../support/engine-internals.ts';
import { eventually } from '../support/eventually.ts';

/** Everything containers could leave behind, by name, so that a difference says what it is. */
export interface Remains {
  /** Mount points of PID 1's mount namespace, where what containerd, dockerd and the shims mount appears, too. */
  readonly mounts: readonly string[];
  /** Below /run, sockets and all. */
  readonly runtimeFiles: readonly string[];
  /** Below the engine's data root and containerd's: the directories that grow with containers. */
  readonly storedFiles: readonly string[];
  readonly cgroups: readonly string[];
  /** Programs of the engine's pid namespace, with how many run. */
  readonly programs: readonly string[];
  /** Namespaces of those processes: how many of each kind. */
  readonly namespaces: readonly string[];
  /** Network interfaces of the engine's network namespace. */
  readonly interfaces: readonly string[];
}

const stores = [
  '/var/lib/docker/containers',
  '/var/lib/docker/image/overlay2/layerdb',
  '/var/lib/docker/network',
  '/var/lib/docker/overlay2',
  '/var/lib/docker/volumes',
  '/var/lib/docker/tmp',
  '/var/lib/containerd',
] as const;

/** Names of one kind that a failure shows: a cut output must still tell. */
const shown = 8;
/** Milliseconds: what the engine forgets at the end, bulkheadd looks for within 20 s, and reaps after another 10. */
const settle = 120_000;

/**
 * Waits until nothing is there that was not there before, nor anything missing.
 *
 * @param used leaves out what dockerd was writing when it or containerd was killed, but no snapshot of these (`snapshotsInUse`).
 * @throws an error whose message names, in a line, what differs.
 */
export async function expectNothingLeft(
  engine: EngineInternals,
  before: Remains,
  used?: ReadonlySet<string>,
): Promise<void> {
  await eventually(async () => {
    const differences = differencesOf(before, await findRemains(engine, used));
    if (differences.length > 0) throw new Error(`not as before: ${differences.join('; ')}`);
  }, settle);
}

/** Each kind that differs, with at most a few names of what came (+) and went (-). */
function differencesOf(before: Remains, after: Remains): string[] {
  const earlier: ReadonlyMap<string, readonly string[]> = new Map(kindsOf(before));
  return kindsOf(after).flatMap(([kind, now]) => {
    const old = earlier.get(kind) ?? [];
    const came = surplus(now, old).map((name) => `+${name}`);
    const changes = [...came, ...surplus(old, now).map((name) => `-${name}`)];
    if (changes.length === 0) return [];
    const more = changes.length > shown ? ` and ${changes.length - shown} more` : '';
    return [`${kind}: ${changes.slice(0, shown).map(shortened).join(' ')}${more}`];
  });
}

function shortened(name: string): string {
  return name.replaceAll(/[0-9a-f]{64}/g, (id) => `${id.slice(0, 12)}…`);
}

function kindsOf(remains: Remains): [string, readonly string[]][] {
  return Object.entries<readonly string[]>({ ...remains });
}

/**
 * What dockerd was making when it was killed, and nobody takes away: a layer it has not recorded yet, mounted where it was writing
 * in it; a container that has its layer and directory, but no config.v2.json (moby daemon/create.go: the layer first, the
 * configuration last); and drafts of files that are to be renamed. They are files of its own, nothing ever ran in them, and plain dockerd leaves them too.
 * With the containerd image store the layer is a snapshot that no container was seen with; of one whose container ran nothing may stay.
 */
async function unfinishedOf(
  engine: EngineInternals,
  used: ReadonlySet<string>,
): Promise<(path: string) => boolean> {
  const at = (path: string): string => engine.path(`/var/lib/docker/${path}`);
  const finished = new Set<string>();
  for (const id of await readdir(at('containers')))
    if (await exists(at(`containers/${id}/config.v2.json`))) finished.add(id);
  const recorded = new Set<string>();
  /* With the containerd image store there are none of these. */
  const layers = await readdir(at('image/overlay2/layerdb'), { recursive: true }).catch(() => []);
  for (const name of layers) {
    const container = /^mounts\/([^/]+)/.exec(name)?.[1];
    if (!/\/(?:cache|mount|init)-id$/.test(name) || (container !== undefined && !finished.has(container)))
      continue;
    recorded.add((await readFile(at(`image/overlay2/layerdb/${name}`), 'utf8')).trim());
  }
  const layerOf = new Map<string, string>();
  for (const name of await readdir(at('overlay2/l')))
    layerOf.set(name, (await readlink(at(`overlay2/l/${name}`))).split('/')[1] ?? '');
  return (path) => {
    if (/\/\.tmp-[\w.-]*\d+$/.test(path)) return true;
    const container =
      /\/docker\/(?:containers|image\/overlay2\/layerdb\/mounts|rootfs\/overlayfs)\/([^/]+)/.exec(path)?.[1];
    if (container !== undefined) return !finished.has(container);
    const snapshot = /\.overlayfs\/snapshots\/(\d+)(?:\/|$)/.exec(path)?.[1];
    if (snapshot !== undefined) return !used.has(snapshot);
    const [, name = '', link = ''] = /\/docker\/overlay2\/([^/]+)(?:\/([^/]+))?/.exec(path) ?? [];
    const layer = name === 'l' ? (layerOf.get(link) ?? '') : name;
    return /^[0-9a-f]{64}(?:-init)?$/.test(layer) && !recorded.has(layer);
  };
}

/** The snapshots of all running containers and of their images; none with overlay2. */
export async function snapshotsInUse(engine: EngineInternals): Promise<string[]> {
  const mountinfo = await readFile(`/proc/${engine.init}/mountinfo`, 'utf8');
  return mountinfo
    .split('\n')
    .filter((line) => line.includes(' /var/lib/docker/rootfs/overlayfs/'))
    .flatMap((line) => [...line.matchAll(/\/snapshots\/(\d+)\//g)].map(([, number = '']) => number));
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

export async function findRemains(engine: EngineInternals, used?: ReadonlySet<string>): Promise<Remains> {
  const mountinfo = await readFile(`/proc/${engine.init}/mountinfo`, 'utf8');
  const processes = await processesOf(engine);
  const unfinished = used === undefined ? () => false : await unfinishedOf(engine, used);
  const stored = await Promise.all(stores.map((store) => tree(engine.path(store), () => true, 4)));
  const interfaces = (await readFile(`/proc/${engine.init}/net/dev`, 'utf8')).split('\n').slice(2);
  return {
    mounts: sorted(mountinfo.split('\n').map((line) => line.split(' ')[4] ?? '')).filter(
      (path) => !unfinished(path),
    ),
    /* Each life of dockerd has one socket there, of a new name. */
    runtimeFiles: (await tree(engine.path('/run'), () => true, 8)).map((path) =>
      path.replace(/(?<=\/run\/docker\/libnetwork\/)[0-9a-f]{12}(?=\.sock$)/, '…'),
    ),
    storedFiles: stored.flat().filter((path) => !unfinished(path)),
    cgroups: await tree(engine.path('/sys/fs/cgroup'), (name) => name.includes('/docker/'), 6),
    programs: tally(processes.map(({ program }) => program)),
    namespaces: namespaceKinds.map(
      (kind, index) => `${new Set(processes.map(({ namespaces }) => namespaces[index])).size} ${kind}`,
    ),
    interfaces: sorted(interfaces.map((line) => line.split(':')[0]?.trim() ?? '')),
  };
}

const namespaceKinds = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'] as const;

async function processesOf(engine: EngineInternals): Promise<{ program: string; namespaces: string[] }[]> {
  const pids = (await readdir(engine.path('/proc'))).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const at = engine.path(`/proc/${pid}`);
      try {
        const program = await readlink(`${at}/exe`);
        return {
          program,
          namespaces: await Promise.all(namespaceKinds.map((kind) => readlink(`${at}/ns/${kind}`))),
        };
      } catch {
        return undefined; // it has ended meanwhile
      }
    }),
  );
  return found.filter((process) => process !== undefined);
}

function tally(names: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return sorted([...counts].map(([name, count]) => `${count} ${name}`));
}

/** Paths below a directory, itself left out. Other file systems mounted there are those `mounts` has, and are not entered. */
async function tree(top: string, wanted: (path: string) => boolean, depth: number): Promise<string[]> {
  const { dev } = await lstat(top).catch(() => ({ dev: undefined }));
  const isCgroup = top.endsWith('/sys/fs/cgroup');
  const found: string[] = [];
  const walk = async (directory: string, left: number): Promise<void> => {
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = join(directory, entry.name);
      if (isCgroup && !entry.isDirectory()) continue;
      if (wanted(path)) found.push(path.replace(/^\/proc\/\d+\/root/, ''));
      if (!entry.isDirectory() || left === 0) continue;
      const status = await lstat(path).catch(() => undefined);
      if (status !== undefined && (isCgroup || status.dev === dev)) await walk(path, left - 1);
    }
  };
  await walk(top, depth);
  return sorted(found);
}

function sorted(list: readonly string[]): string[] {
  return [...list].sort();
}

/** Elements of the first list the second has not, each as often as it is missing. */
function surplus(list: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return list.filter((name) => {
    const at = left.indexOf(name);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
