import type { SourceFact } from '../plan.js';
import type { IsolationRequest } from '../request.js';
import { buildStep, dataMount, opened, requestFor, systemMount } from './requests.js';
import { buildSpec, containerSpec, mount } from './specs.js';

export type Over = Parameters<typeof opened>[1];

/** A request with one bind of `source`, found to be `fact`. */
export function binding(
  source: string,
  fact: Over | { errno: number },
  ...options: string[]
): IsolationRequest {
  const spec = containerSpec();
  const request = requestFor({ ...spec, mounts: [mount('/x', 'bind', source, ...options)] });
  const found: SourceFact =
    fact !== undefined && 'errno' in fact
      ? { path: source, opened: false, errno: fact.errno }
      : { ...opened(source, fact), path: source };
  return { ...request, facts: [...request.facts.slice(0, 1), found] };
}

/** Below the engine's data root. */
export const data = (path: string): Over => ({ realPath: `/var/lib/docker/${path}` });
/** A file of the VM. */
export const system = (realPath: string, over: Over = {}): Over => ({
  realPath,
  device: '254:0',
  mount: systemMount,
  ...over,
});
/** A tmpfs of the engine's, mounted there. */
export const tmpfs = (mountPoint: string, below = ''): Over => ({
  realPath: `${mountPoint}${below}`,
  device: '0:81',
  mount: { ...dataMount, mountPoint, root: '/', filesystem: 'tmpfs', source: 'shm' },
});
/** Id of another container. */
export const neighbour = 'b'.repeat(64);

/** The same of a build step. */
export function building(source: string, fact: Over, ...options: string[]): IsolationRequest {
  const spec = { ...buildSpec(), mounts: [mount('/x', 'bind', source, 'rbind', ...options)] };
  const request = requestFor(spec, { container: buildStep });
  return { ...request, facts: [...request.facts.slice(0, 1), { ...opened(source, fact), path: source }] };
}
