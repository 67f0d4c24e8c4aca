import type { Mount } from '../../oci/mounts.js';
import { type BindClass, classifySource, isSnapshot, type OpenedSource } from '../bind-sources.js';
import { ownSocket } from '../docker-socket.js';
import type { Draft, Rule } from '../draft.js';
import { idMappable } from '../../common/id-mappable.js';
import { propagationOptions } from '../mount-options.js';
import type { OverlayStage, ShareOwner, StagedBind } from '../plan.js';
import { pathWithinFilesystem, stagePath } from '../places.js';
import { engineOverlay } from '../engine-overlay.js';
import { refuse } from '../refuse.js';
import type { IsolationRequest } from '../request.js';
import { isBind, isOverlay, openedFor } from '../sources.js';
import { isBuildStep } from '../build-step.js';

const name = 'binds';

/**
 * Threat: a bind hands a path of the VM to a container whose root, through the id-mapped mount, is root on those files.
 * Only volumes, what the engine made for this very container, and shared directories are bound; the check is on what
 * the front door has open and clones from, so no symlink, `..`, volume option or swap in between makes a difference.
 *
 * Every bind is staged by the front door before runc starts: copied into the container's mount namespace, its flags are
 * locked by the kernel (mount_namespaces(7)), and a read-only volume stays read-only for `mount -o remount,rw`, which
 * runc's own read-only bind does not. The flags are repeated in the specification, or runc would try to clear them.
 * nosuid and nodev: a setuid file or device node left on a volume is of no use in the VM.
 */
export const bindsRule: Rule = {
  name,
  why: 'a bind is staged by the kernel-locked, id-mapped way, so that neither ids of the VM nor a remount get through',
  apply(draft, request) {
    const binds: StagedBind[] = [];
    let next = 1;
    const mounts = (draft.spec.mounts ?? []).map((mount) => {
      if (!isBind(mount) && !isOverlay(mount)) return mount;
      const staged = isBind(mount)
        ? stage(mount, next, { ...draft, binds }, request)
        : stageLayers(mount, next, request);
      next += openedFor(mount).length;
      binds.push(staged);
      return stagedMount(mount, staged);
    });
    const owner = binds.some(({ owned }) => owned) ? { owner: shareOwner(draft) } : {};
    return { ...draft, ...owner, binds, spec: { ...draft.spec, mounts } };
  },
};

function stage(mount: Mount, index: number, draft: Draft, request: IsolationRequest): StagedBind {
  const { policy } = request;
  const fact = request.facts[index];
  const source = mount.source ?? '';
  if (fact === undefined || fact.path !== source)
    refuse('BH_ISOLATION_RESTRICTED_MOUNT', name, policy, { source });
  if (!fact.opened) {
    refuse('BH_ISOLATION_SOURCE_UNREADABLE', name, policy, { source, errno: fact.errno });
  }
  const found = classifySource(fact, draft, request);
  if (found === undefined) refuseSource(source, fact, request);
  if (found === 'docker-socket') return ownSocket(mount, name, draft, request);
  if (found !== 'device' && found !== 'overlay' && !idMappable(fact.mount.filesystem))
    refuseFilesystem(source, fact, request);
  const options = mount.options ?? [];
  const asked =
    lastOf(options, ['ro', 'rro'], ['rw', 'rrw']) ||
    fact.mount.mountOptions.includes('ro') ||
    (found === 'overlay' && !isBuildStep(request));
  const overlay = found === 'overlay' ? overlayOf(fact, asked, draft, request) : undefined;
  const readonly = asked || (overlay !== undefined && overlay.upper === undefined);
  return {
    index,
    readonly,
    nosuid: true,
    nodev: found !== 'device',
    noexec: lastOf(options, ['noexec', 'rnoexec'], ['exec', 'rexec']),
    idmap: found !== 'device' && overlay === undefined,
    ...(found === 'shared' && isSomebodys(draft, request) ? { owned: true } : {}),
    recursive: isRecursive(found, options),
    ...(overlay === undefined ? {} : { overlay }),
  };
}

/**
 * In the VM all files of a share are one user's, on the host and so by their server. They appear as those of the container's first process, for which the container is made; its
 * root may write them as well, by its capabilities over every id of the container. Threat in none of this: it changes which id of the container is shown,
 * never which of the host is meant.
 */
function isSomebodys(draft: Draft, { engine }: IsolationRequest): boolean {
  const { uid, gid } = shareOwner(draft);
  return engine.sharedByServer === true && (uid > 0 || gid > 0);
}

/** The rule process sees to it that the container has these ids. */
function shareOwner({ spec }: Draft): ShareOwner {
  const { uid, gid } = spec.process?.user ?? { uid: 0, gid: 0 };
  return { uid, gid };
}

/**
 * BuildKit asks for the layers of a stage to be merged where they lie in the containerd image store. What is bound is an overlay of
 * clones of them, in the place of the topmost; nobody writes to it. Each must be a whole layer of that store: a directory within
 * one belongs to whoever made the image.
 */
function stageLayers(mount: Mount, index: number, request: IsolationRequest): StagedBind {
  const layers = openedFor(mount);
  const no = (reason: string) =>
    refuse('BH_ISOLATION_LAYERS', name, request.policy, { source: mount.destination, reason });
  if (layers.length === 0) no('its layers are not understood');
  const lower = layers.map((layer, at) => {
    const fact = request.facts[index + at];
    if (fact === undefined || fact.path !== layer) return no(`nothing is known about its layer ${layer}`);
    if (!fact.opened) return no(`its layer ${layer} could not be opened (errno ${fact.errno})`);
    if (!isSnapshot(fact, request)) return no(`its layer ${layer} does not lie in the engine's storage`);
    if (!idMappable(fact.mount.filesystem)) refuseFilesystem(layer, fact, request);
    return fact.realPath;
  });
  return {
    index,
    readonly: true,
    nosuid: true,
    nodev: true,
    noexec: false,
    idmap: false,
    recursive: false,
    overlay: { lower, options: '', within: '/' },
  };
}

/**
 * An overlay can't be id-mapped, but its layers can: what is bound is an overlay of clones of them, like the root. Only
 * where a step may write is the upper directory used as one, and never by two overlays at once.
 */
function overlayOf(
  fact: OpenedSource,
  readonly: boolean,
  draft: Draft,
  { engine, policy }: IsolationRequest,
): OverlayStage & { within: string } {
  const overlay = engineOverlay(fact.mount, engine, readonly);
  const no = (reason: string) => refuse('BH_ISOLATION_LAYERS', name, policy, { source: fact.path, reason });
  if (typeof overlay === 'string') return no(overlay);
  const within = pathWithinFilesystem(fact);
  if (within === undefined) return no('its mount is not where it seems to be');
  const written = [draft.root, ...draft.binds.map((bind) => bind.overlay)].flatMap((used) =>
    used !== undefined && 'upper' in used && used.upper !== undefined ? [used.upper.parent] : [],
  );
  if (overlay.upper !== undefined && written.includes(overlay.upper.parent))
    return no('it would be written through two mounts');
  return { ...overlay, within };
}

function isRecursive(found: BindClass, options: readonly string[]): boolean {
  // The engine's own directories hold no mounts a container should see; leaving them out keeps it so.
  return found === 'shared' && !options.includes('bind');
}

/** Whether, reading options left to right as runc does, one of `on` comes after every one of `off`. */
function lastOf(options: readonly string[], on: readonly string[], off: readonly string[]): boolean {
  return options.reduce(
    (set, option) => (on.includes(option) ? true : off.includes(option) ? false : set),
    false,
  );
}

function stagedMount(mount: Mount, staged: StagedBind): Mount {
  const options = mount.options ?? [];
  return {
    destination: mount.destination,
    type: 'bind',
    source: stagePath(staged.index),
    options: [
      staged.recursive ? 'rbind' : 'bind',
      ...(staged.readonly ? ['ro'] : []),
      ...(staged.readonly && options.includes('rro') ? ['rro'] : []),
      ...(staged.nosuid ? ['nosuid'] : []),
      ...(staged.nodev ? ['nodev'] : []),
      ...(staged.noexec ? ['noexec'] : []),
      ...options.filter((option) => propagationOptions.has(option)),
    ],
  };
}

/** A file of a kernel file system, or an image's merged layers, that the classes do not know: say what is wrong with it. */
function refuseSource(source: string, fact: OpenedSource, request: IsolationRequest): never {
  if (fact.kind === 'block-device' || fact.kind === 'character-device') {
    refuse('BH_ISOLATION_SOURCE_KIND', name, request.policy, { source, kind: fact.kind.replace('-', ' ') });
  }
  if (fact.mount.filesystem === 'overlay') refuseFilesystem(source, fact, request);
  refuse('BH_ISOLATION_RESTRICTED_MOUNT', name, request.policy, { source });
}

function refuseFilesystem(source: string, { mount }: OpenedSource, { policy }: IsolationRequest): never {
  refuse('BH_ISOLATION_FILESYSTEM', name, policy, { source, filesystem: mount.filesystem });
}
