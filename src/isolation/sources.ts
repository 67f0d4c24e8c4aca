import type { Mount } from '../oci/mounts.js';
import type { RuntimeSpec } from '../oci/runtime-spec.js';

/** Whether runc will bind `source`: it looks at the options alone. `type: bind` without them is meant as one. */
export function isBind(mount: Mount): boolean {
  return (
    mount.type === 'bind' || (mount.options ?? []).some((option) => option === 'bind' || option === 'rbind')
  );
}

/** The paths the front door opens: path 0 is the root file system, then each bind source in the order of the mounts. */
export function sourcesOf(spec: RuntimeSpec): string[] {
  return [spec.root.path, ...(spec.mounts ?? []).filter(isBind).map((mount) => mount.source ?? '')];
}

/** The namespaces the container asks to join, which the caller resolves to `NamespaceFact`s. */
export function namespacePathsOf(spec: RuntimeSpec): string[] {
  return (spec.linux.namespaces ?? []).flatMap(({ path }) =>
    path === undefined || path === '' ? [] : [path],
  );
}
