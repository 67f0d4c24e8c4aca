import { existsSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { posix } from 'node:path';
import { deviceText } from '../../common/mountinfo.js';
import type { MountInfo } from '../../isolation/plan.js';
import { type EngineFacts, type ExactFile, type Place, unifiedHierarchy } from '../../isolation/request.js';
import { parseMountInfo } from '../../runtime/index.js';
import type { SharedDirectory } from '../shared-list.js';

/** Paths of the engine inside the root; see docs/architecture.md, "Paths inside the root". */
export const enginePaths = {
  dataRoot: '/var/lib/docker',
  containerdRoot: '/var/lib/containerd',
  execRoot: '/run/docker',
  initProgram: '/usr/bin/docker-init',
  socket: '/run/docker/docker.sock',
  /** What containers bind that are to have the Docker socket; `/var/run` is a link to `/run`. */
  socketStandIn: '/run/docker.sock',
  config: '/run/bulkhead/engine/dockerd.json',
  program: '/usr/sbin/dockerd',
} as const;

/**
 * Measures once, at start, where the engine's directories really lie. A rule that compared path texts alone would
 * take a directory bound over a volume for that volume.
 *
 * @param sharedRoots where what is shared lies: the list itself is looked at, as directories come and go.
 * @param agentSocket where containers find the host's ssh agent, if they do.
 */
export function readEngineFacts(
  sharedRoots: readonly Place[],
  mode: 'vm' | 'native',
  agentSocket?: string,
): EngineFacts {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter(Boolean);
  const filesystems = mounts.map((line) => parseMountInfo(line));
  const cgroupVersion = filesystems.some(({ filesystem }) => filesystem === 'cgroup2') ? 2 : 1;
  return {
    architecture: process.arch === 'arm64' ? 'arm64' : 'x64',
    cgroupVersion,
    cgroupHierarchies: cgroupVersion === 2 ? [unifiedHierarchy] : versionOneHierarchies(filesystems),
    dataRoot: readPlace(enginePaths.dataRoot, mounts),
    containerdRoot: readPlace(enginePaths.containerdRoot, mounts),
    sharedRoots,
    sharedByServer: mode === 'vm',
    ...(agentSocket === undefined ? {} : { agentSocket: readFile(agentSocket) }),
    dockerSocket: readFile(enginePaths.socketStandIn),
    initPath: existingPath(enginePaths.initProgram),
    execRoot: enginePaths.execRoot,
    lowestOomScoreAdj: lowestOomScoreAdj(
      readFileSync('/proc/self/status', 'utf8'),
      readFileSync('/proc/self/oom_score_adj', 'utf8'),
    ),
  };
}

/**
 * Makes the empty file that stands in for the Docker socket. dockerd wants the source of a bind to be there, and before it starts a container: so this
 * comes before dockerd can have asked whether it may start.
 */
export function makeSocketStandIn(): void {
  writeFileSync(enginePaths.socketStandIn, '', { mode: 0o600 });
}

/** capabilities(7): without it a score cannot be lowered below what a parent set. */
const capSysResource = 24n;

/** The lowest score a process started like this one may be given, from its status and its own score; -1000 with CAP_SYS_RESOURCE. */
export function lowestOomScoreAdj(status: string, own: string): number {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return (effective >> capSysResource) % 2n === 1n ? -1000 : Number(own.trim());
}

function versionOneHierarchies(filesystems: readonly MountInfo[]): string[] {
  return filesystems
    .filter(
      ({ filesystem, mountPoint }) =>
        filesystem === 'cgroup' && posix.dirname(mountPoint) === '/sys/fs/cgroup',
    )
    .map(({ mountPoint }) => posix.basename(mountPoint));
}

/** Debian links docker-init to tini; the facts of a bind name what the link leads to. */
function existingPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

/** `mounts` are the lines of /proc/self/mountinfo; of two mounts at one place the later covers the earlier. */
export function readPlace(path: string, mounts: readonly string[]): Place {
  const real = realpathSync(path);
  const device = statSync(real, { bigint: true }).dev;
  const covering = mounts
    .map((line) => parseMountInfo(line))
    .filter(({ mountPoint }) => isBelow(real, mountPoint))
    .reduce((best, mount) => (mount.mountPoint.length >= best.mountPoint.length ? mount : best));
  return {
    path,
    device: deviceText(device),
    within: posix.join(covering.root, posix.relative(covering.mountPoint, real)),
  };
}

/** Of what is shared; throws when one is no mount of its own, as nothing else of the root is the host's. */
export function readSharedRoots(shared: readonly Pick<SharedDirectory, 'path'>[]): Place[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter(Boolean);
  return shared.map(({ path }) => readSharedPlace(path, mounts));
}

/** Those at which something is mounted. */
export function mountedAmong(paths: readonly string[]): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter(Boolean);
  const points = new Set(lines.map((line) => parseMountInfo(line).mountPoint));
  return paths.filter((path) => points.has(path));
}

function readSharedPlace(path: string, mounts: readonly string[]): Place {
  if (!mounts.some((line) => parseMountInfo(line).mountPoint === path))
    throw new Error(`${path} is to be shared, and not mounted`);
  return readPlace(path, mounts);
}

function readFile(path: string): ExactFile {
  const { dev, ino } = statSync(path, { bigint: true });
  return { device: deviceText(dev), inode: String(ino) };
}

function isBelow(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}
