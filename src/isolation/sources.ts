import type { Mount } from '../oci/mounts.js';
import type { RuntimeSpec } from '../oci/runtime-spec.js';
import { overlayLayers } from './overlay-options.js';

/** Whether runc will bind `source`: it looks at the options alone. `type: bind` without them is meant as one. */
export function isBind(mount: Mount): boolean {
  return (
    mount.type === 'bind' || (mount.options ?? []).some((option) => option === 'bind' || option === 'rbind')
  );
}

/** Whether runc would mount an overlay: what BuildKit asks for, with the containerd image store, to show a step a stage of several layers. */
export function isOverlay(mount: Mount): boolean {
  return mount.type === 'overlay' && !isBind(mount);
}

/** The paths of one mount to be opened: the source of a bind; of an overlay its layers, topmost first, none when its options are not understood. */
export function openedFor(mount: Mount): readonly string[] {
  if (isBind(mount)) return [mount.source ?? ''];
  if (!isOverlay(mount)) return [];
  const layers = overlayLayers(mount.options ?? [], '/');
  return typeof layers === 'string' ? [] : layers.lower;
}

/** The paths the front door opens: path 0 is the root file system, then those of each mount in the order of the specification. */
export function sourcesOf(spec: RuntimeSpec): string[] {
  return [spec.root.path, ...(spec.mounts ?? []).flatMap(openedFor)];
}

/** The namespaces the container asks to join, which the caller resolves to `NamespaceFact`s. */
export function namespacePathsOf(spec: RuntimeSpec): string[] {
  return (spec.linux.namespaces ?? []).flatMap(({ path }) =>
    path === undefined || path === '' ? [] : [path],
  );
}
