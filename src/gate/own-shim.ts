import type { RequestBody } from './request-body.js';

/** containerd-shim-runc-v2 (manager/manager_linux.go, groupLabels, containerd 2.1): containers of one value have one shim. */
const grouping = new Set(['io.containerd.runc.v2.group', 'io.kubernetes.cri.sandbox-id']);

/**
 * POST /containers/create: each container has a shim of its own. Threat: `--annotation` with another container's id puts a container into that one's
 * shim. Both end when it does, and what the engine knows by its shim is wrong of both: of a removed container the shim stays, and is
 * ended as nobody's after dockerd was killed, with the other one that runs. The rule annotations comes too late: the shim reads them first.
 */
export function dropShimGrouping(body: RequestBody): void {
  const annotations = body.hostConfig('Annotations');
  if (typeof annotations !== 'object' || annotations === null) return;
  const all = Object.entries(annotations);
  const kept = all.filter(([name]) => !grouping.has(name));
  if (kept.length < all.length) body.setHostConfig('Annotations', Object.fromEntries(kept));
}
