import { posix } from 'node:path';
import type { Draft, Rule } from '../draft.js';
import { idMappable } from '../filesystems.js';
import { overlayLayers } from '../overlay-options.js';
import { pathBelow, pathWithinPlace } from '../places.js';
import type { RootPlan, SourceFact } from '../plan.js';
import { refuse } from '../refuse.js';
import type { IsolationRequest } from '../request.js';

const name = 'root-filesystem';

/** Where the front door attaches the root in its private mount namespace (docs/architecture.md). */
export const rootPath = '/run/bulkhead/rootfs';

/** Beside the engine's own `work`: two live overlays must not share a work directory. */
const workName = 'bulkhead-work';

/**
 * Threat: files of the image belong to ids the container does not have, so its root could not use them; chowning them
 * would leave shifted ids behind; and a root put together from directories outside the engine's storage would hand the
 * container files of the VM. So the root is built anew from id-mapped clones of exactly the layers the engine mounted.
 *
 * `--read-only` goes into the plan: set in the front door's namespace the kernel locks it, set by runc it could be undone.
 */
export const rootFilesystemRule: Rule = {
  name,
  apply(draft, request) {
    const [fact] = request.facts;
    const readonly = draft.spec.root.readonly === true;
    return withRoot(draft, { ...planOf(fact, request), readonly: readonly || isReadonly(fact) });
  },
};

function planOf(fact: SourceFact | undefined, request: IsolationRequest): RootPlan {
  const { engine, policy } = request;
  const no = (reason: string) => refuse('BH_ISOLATION_ROOT', name, policy, { reason });
  if (fact === undefined) return no('nothing is known about it');
  if (!fact.opened) return no(`${fact.path} could not be opened (errno ${fact.errno})`);
  if (fact.kind !== 'directory') return no(`${fact.path} is not a directory`);
  if (fact.mount.filesystem === 'overlay') {
    if (fact.realPath !== fact.mount.mountPoint || fact.mount.root !== '/')
      return no(`${fact.path} is only a part of an overlay`);
    return overlayPlan(fact.mount.superOptions, request);
  }
  if (!idMappable(fact.mount.filesystem))
    return no(`it lies on ${fact.mount.filesystem}, which can't be given the container's ids`);
  const storages = [engine.dataRoot, engine.containerdRoot].filter((place) => place !== undefined);
  if (!storages.some((place) => (pathWithinPlace(place, fact) ?? '') !== ''))
    return no(`${fact.path} does not lie in the engine's storage`);
  return { kind: 'bind', readonly: false };
}

function overlayPlan(options: readonly string[], { engine, policy }: IsolationRequest): RootPlan {
  const no = (reason: string) => refuse('BH_ISOLATION_ROOT', name, policy, { reason });
  const layers = overlayLayers(options, `${engine.dataRoot.path}/overlay2`);
  if (typeof layers === 'string') return no(layers);
  if (layers.upper === undefined) return no('it is an overlay without an upper directory');
  const storages = [engine.dataRoot.path, engine.containerdRoot?.path].filter((path) => path !== undefined);
  const outside = [...layers.lower, layers.upper].find(
    (layer) => !storages.some((storage) => (pathBelow(storage, layer) ?? '') !== ''),
  );
  if (outside !== undefined) return no(`its layer ${outside} does not lie in the engine's storage`);
  return {
    kind: 'overlay',
    lower: layers.lower,
    parent: posix.dirname(layers.upper),
    upperName: posix.basename(layers.upper),
    workName,
    // The front door adds index=off: the engine's own overlay stays mounted over the same upper directory.
    options: layers.volatile ? 'volatile' : '',
    readonly: false,
  };
}

function isReadonly(fact: SourceFact | undefined): boolean {
  return fact?.opened === true && fact.mount.mountOptions.includes('ro');
}

function withRoot(draft: Draft, root: RootPlan): Draft {
  const spec = { ...draft.spec, root: { path: rootPath, readonly: root.readonly } };
  return { ...draft, root, spec };
}
