import { isBind } from '../isolation/sources.js';
import type { OverlayStage, Plan, RootPlan, StagedBind } from '../isolation/plan.js';
import type { Mount } from '../oci/mounts.js';
import { serialiseRuntimeSpec } from '../oci/runtime-spec.js';
import { encodeMessage, type Field } from './wire.js';

/** Where the front door stages bind sources: `b<index>`. */
export const stageDirectory = '/run/bulkhead/stage';
/** What `root.path` of a planned specification must be. */
export const rootfsDirectory = '/run/bulkhead/rootfs';

/**
 * The `plan` message of a plan, with its operations in the one order the front door takes (docs/architecture.md).
 *
 * @throws BulkheadError `BH_RUNTIME_PROTOCOL` when it is longer than a message may be.
 */
export function encodePlan(plan: Plan): Buffer {
  const { ids, owner, root, binds, namespaces, spec } = plan;
  return encodeMessage([
    'plan',
    'userns',
    String(ids.base),
    String(ids.size),
    String(owner?.uid ?? 0),
    String(owner?.gid ?? 0),
    ...binds.flatMap(({ index, overlay }) =>
      overlay === undefined ? [] : overlayOps(index, overlay.within, overlay),
    ),
    ...rootOps(root),
    ...(root.readonly ? [...mountpointOps(spec.mounts ?? []), 'root-readonly'] : []),
    ...binds.flatMap((bind) => ['bind', String(bind.index), bindFlags(bind)]),
    ...namespaces.flatMap((index) => ['bind', String(index), '']),
    'config',
    serialiseRuntimeSpec(spec),
  ]);
}

/** A `refuse` message: the code stays machine-readable beside the sentence that `docker run` shows. */
export function encodeRefusal(code: string, sentence: string): Buffer {
  // The front door takes text without NUL; a sentence may quote what the engine sent.
  return encodeMessage(['refuse', code, sentence.replaceAll('\0', '?').slice(0, 4000)]);
}

function rootOps(root: RootPlan): Field[] {
  return root.kind === 'bind' ? ['root-bind'] : overlayOps(0, '/', root);
}

function overlayOps(index: number, within: string, { lower, upper, options }: OverlayStage): Field[] {
  return [
    ...lower.flatMap((path) => ['layer', path]),
    ...(upper === undefined ? [] : ['upper', upper.parent]),
    'overlay',
    String(index),
    within,
    upper?.name ?? '',
    upper?.workName ?? '',
    options,
  ];
}

/**
 * runc makes missing mount points itself, but not in a root that is locked read-only before it starts. Those below another
 * mount are left to runc: they lie in that mount, not in the root.
 */
function mountpointOps(mounts: readonly Mount[]): Field[] {
  const destinations = mounts.map((mount) => normalise(mount.destination));
  return mounts.flatMap((mount, at) => {
    const destination = destinations[at] ?? '/';
    const covered = destinations.some(
      (other) => other !== destination && destination.startsWith(`${other}/`),
    );
    if (destination === '/' || covered) return [];
    const index = isBind(mount) ? /\/b(\d+)$/.exec(mount.source ?? '')?.[1] : undefined;
    return ['mountpoint', index ?? '-', destination];
  });
}

/** As runc cleans a destination: absolute, without empty, `.` and `..` parts. */
function normalise(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function bindFlags(bind: StagedBind): string {
  const flags: readonly (readonly [string, boolean])[] = [
    ['ro', bind.readonly],
    ['nosuid', bind.nosuid],
    ['nodev', bind.nodev],
    ['noexec', bind.noexec],
    // `owned` says both.
    [bind.owned === true ? 'owned' : 'idmap', bind.idmap],
    ['recursive', bind.recursive],
  ];
  return flags.flatMap(([name, set]) => (set ? [name] : [])).join(',');
}
