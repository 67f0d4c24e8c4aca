import { hostConfigOf, withHostConfig } from './host-config.js';

/** containerd-shim-runc-v2 (manager/manager_linux.go, groupLabels, containerd 2.1): containers of one value have one shim. */
const grouping = new Set(['io.containerd.runc.v2.group', 'io.kubernetes.cri.sandbox-id']);

/**
 * POST /containers/create: each container has a shim of its own. Threat: `--annotation` with another container's id puts a container into that one's
 * shim. Both end when it does, and what the engine knows by its shim is wrong of both: of a removed container the shim stays, and is
 * ended as nobody's after dockerd was killed, with the other one that runs. The rule annotations comes too late: the shim reads them first.
 *
 * @returns the body written anew where there is such an annotation, else as it is.
 *
 * Throws `BH_GATE_BODY` for one that the engine might read otherwise.
 */
export function withOwnShim(text: string): string {
  const annotations = hostConfigOf(text, 'Annotations');
  if (typeof annotations !== 'object' || annotations === null) return text;
  const all = Object.entries(annotations);
  const kept = all.filter(([name]) => !grouping.has(name));
  return kept.length === all.length ? text : withHostConfig(text, { Annotations: Object.fromEntries(kept) });
}
