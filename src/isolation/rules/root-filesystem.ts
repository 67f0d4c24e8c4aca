import type { Draft, Rule } from '../draft.js';
import { idMappable } from '../../common/id-mappable.js';
import { engineOverlay } from '../engine-overlay.js';
import { pathWithinPlace } from '../places.js';
import type { RootPlan, SourceFact } from '../plan.js';
import { refuse } from '../refuse.js';
import type { IsolationRequest } from '../request.js';

const name = 'root-filesystem';

/** Where the front door attaches the root in its private mount namespace (docs/architecture.md). */
export const rootPath = '/run/bulkhead/rootfs';

/**
 * Threat: files of the image belong to ids the container does not have, so its root could not use them; chowning them
 * would leave shifted ids behind; and a root put together from directories outside the engine's storage would hand the
 * container files of the VM. So the root is built anew from id-mapped clones of exactly the layers the engine mounted.
 *
 * `--read-only` goes into the plan: set in the front door's namespace the kernel locks it, set by runc it could be undone.
 */
export const rootFilesystemRule: Rule = {
  name,
  why: "the image's layers are id-mapped, so that files belong to the container's own root and stay unshifted on disk",
  apply(draft, request) {
    const [fact] = request.facts;
    const readonly = draft.spec.root.readonly === true;
    const root = planOf(fact, request);
    const lacksUpper = root.kind === 'overlay' && root.upper === undefined;
    return withRoot(draft, { ...root, readonly: readonly || isReadonly(fact) || lacksUpper });
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
    const overlay = engineOverlay(fact.mount, engine, false);
    return typeof overlay === 'string' ? no(overlay) : { kind: 'overlay', ...overlay, readonly: false };
  }
  if (!idMappable(fact.mount.filesystem))
    return no(`it lies on ${fact.mount.filesystem}, which can't be given the container's ids`);
  const storages = [engine.dataRoot, engine.containerdRoot].filter((place) => place !== undefined);
  if (!storages.some((place) => (pathWithinPlace(place, fact) ?? '') !== ''))
    return no(`${fact.path} does not lie in the engine's storage`);
  return { kind: 'bind', readonly: false };
}

function isReadonly(fact: SourceFact | undefined): boolean {
  return fact?.opened === true && fact.mount.mountOptions.includes('ro');
}

function withRoot(draft: Draft, root: RootPlan): Draft {
  const spec = { ...draft.spec, root: { path: rootPath, readonly: root.readonly } };
  return { ...draft, root, spec };
}
