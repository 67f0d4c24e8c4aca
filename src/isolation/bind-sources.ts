import type { Draft } from './draft.js';
import { overlayLayers } from './overlay-options.js';
import { pathBelow, pathWithinPlace } from './places.js';
import type { SourceFact } from './plan.js';
import type { ExactFile, IsolationRequest } from './request.js';
import { isBuildStep } from './build-step.js';

/** A source that was opened, hence known. */
export type OpenedSource = Extract<SourceFact, { opened: true }>;

/** Why a bind is allowed, which decides how it is staged. */
export type BindClass =
  /** A volume, or a file the engine made for this container. */
  | 'engine'
  /** A directory the policy shares: may hold other mounts. */
  | 'shared'
  /** One of the harmless device nodes, used to cover a file. */
  | 'device'
  /** The merged layers of an image or of an earlier build step: an overlay, to be made anew. */
  | 'overlay'
  /** The socket BuildKit forwards an ssh agent with. */
  | 'build-socket'
  /** The socket of the host's ssh agent, that one file alone. */
  | 'agent-socket'
  /** The file that stands in for the Docker socket: what is bound is the container's own socket, if it has one (docker-socket.ts). */
  | 'docker-socket';

/** Nodes people bind over files they want gone or endless: `-v /dev/null:/etc/thing`. */
const harmlessDevices: Readonly<Record<string, string>> = {
  '/dev/null': '1:3',
  '/dev/zero': '1:5',
  '/dev/full': '1:7',
  '/dev/random': '1:8',
  '/dev/urandom': '1:9',
};

const volume = /^volumes\/[^/]+\/_data(\/|$)/;
/** Layers: BuildKit's cache mounts and `RUN --mount=type=bind` of a single layer. */
const layer = /^overlay2\/[^/]+\/diff(\/|$)/;
const snapshot = /^io\.containerd\.snapshotter\.v1\.overlayfs\/snapshots\/\d+\/fs(\/|$)/;
const buildFile =
  /^buildkit\/(executor\/(resolv(-\w+)?\.conf|hosts(\.\w+)?)|net\/\w+\/(hosts|resolv\.conf))$/;
const buildSocket = /^tmp\/\.buildkit-ssh-sock\w*\/ssh_auth_sock$/;

/** Whether a source is a whole layer of the containerd image store, which build steps may have merged with others. */
export function isSnapshot(source: OpenedSource, request: IsolationRequest): boolean {
  const { containerdRoot } = request.engine;
  if (containerdRoot === undefined || !isBuildStep(request) || source.kind !== 'directory') return false;
  return snapshot.exec(pathWithinPlace(containerdRoot, source) ?? '')?.[1] === '';
}

/**
 * Says why a source may be bound, or undefined when it may not. Looks at what was really opened (file system and
 * path within it), never at the path that was asked for.
 *
 * @param draft tells whose namespaces are shared: a container that joins another's network is given its hosts file.
 */
export function classifySource(
  source: OpenedSource,
  draft: Draft,
  request: IsolationRequest,
): BindClass | undefined {
  const { engine } = request;
  if (source.kind === 'character-device')
    return harmlessDevices[source.realPath] === source.rdev ? 'device' : undefined;
  const build = isBuildStep(request);
  if (!build && isFile(source, engine.dockerSocket)) return 'docker-socket';
  const inData = pathWithinPlace(engine.dataRoot, source);
  if (source.kind === 'socket') return classifySocket(source, inData, request);
  if (source.kind !== 'directory' && source.kind !== 'file') return undefined;
  if (inData !== undefined && ofEngine(inData, build, ownersOf(draft, request))) return 'engine';
  if (source.mount.filesystem === 'overlay' && (build || ofImage(source, request))) return 'overlay';
  if (isEngineTmpfs(source, draft, request)) return 'engine';
  if (build && engine.containerdRoot !== undefined) {
    const inContainerd = pathWithinPlace(engine.containerdRoot, source);
    if (inContainerd !== undefined && snapshot.test(inContainerd)) return 'engine';
  }
  if (engine.sharedRoots.some((place) => pathWithinPlace(place, source) !== undefined)) return 'shared';
  return source.realPath === engine.initPath && source.kind === 'file' ? 'engine' : undefined;
}

/** A socket in a shared directory is reached through that directory; bound by itself it is refused, as its program may be anybody's. */
function classifySocket(
  source: OpenedSource,
  inData: string | undefined,
  request: IsolationRequest,
): BindClass | undefined {
  const { agentSocket } = request.engine;
  if (isBuildStep(request))
    return inData !== undefined && buildSocket.test(inData) ? 'build-socket' : undefined;
  return isFile(source, agentSocket) ? 'agent-socket' : undefined;
}

/** By inode: whatever its name, and whatever else has had its name. */
function isFile({ device, inode }: OpenedSource, file: ExactFile | undefined): boolean {
  return device === file?.device && inode === file.inode;
}

function ofEngine(inData: string, build: boolean, owners: readonly string[]): boolean {
  if (volume.test(inData)) return true;
  if (build) return layer.test(inData) || buildFile.test(inData);
  return owners.some((id) =>
    ['hostname', 'hosts', 'resolv.conf'].some((file) => inData === `containers/${id}/${file}`),
  );
}

/**
 * An image mounted by the engine for this container. On overlay2 nothing but its layer's name tells it from another container's root;
 * with the containerd image store its mount point does, where only the engine can mount.
 */
function ofImage({ mount }: OpenedSource, { container, engine, imageLayers }: IsolationRequest): boolean {
  const point = pathBelow(engine.dataRoot.path, mount.mountPoint) ?? '';
  if (point.startsWith(`rootfs/overlayfs/${container.id}-`)) return true;
  const layers = overlayLayers(mount.superOptions, `${engine.dataRoot.path}/overlay2`);
  return (
    typeof layers !== 'string' &&
    layers.upper !== undefined &&
    imageLayers.some((directory) => layers.upper === `${directory}/diff`)
  );
}

/** This container, and the one whose namespaces it shares. */
function ownersOf(draft: Draft, request: IsolationRequest): string[] {
  const { id } = request.container;
  return draft.joined === undefined ? [id] : [id, draft.joined.containerId];
}

/**
 * Small tmpfs mounts the engine makes: a container's shared memory and secrets, BuildKit's secrets. They have a file
 * system of their own, so they are known by their mount point, where only the engine can mount.
 */
function isEngineTmpfs(source: OpenedSource, draft: Draft, request: IsolationRequest): boolean {
  const { mount, realPath } = source;
  if (mount.filesystem !== 'tmpfs' || mount.root !== '/') return false;
  if (pathBelow(mount.mountPoint, realPath) === undefined) return false;
  const point = pathBelow(request.engine.dataRoot.path, mount.mountPoint);
  if (point === undefined) return false;
  if (isBuildStep(request)) return /^tmp\/buildkit-secrets\w*$/.test(point);
  return ownersOf(draft, request).some((id) =>
    [`containers/${id}/mounts/shm`, `containers/${id}/mounts/secrets`].includes(point),
  );
}
