import { isFullId } from '../common/container-id.js';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { type EngineJson, foldKey } from './engine-json.js';
import { asObject, objectAt, textAt } from './fields.js';
import { queryValues } from './query.js';
import type { RequestBody } from './request-body.js';

/** The full id of the container a name, id or beginning of an id stands for; `undefined` where there is none. */
export type ContainerIds = (reference: string) => Promise<string | undefined>;

const joining = 'container:';

/** What a mode of `HostConfig` such as `container:web` names; undefined for any other mode. */
export function joinedContainer(mode: string): string | undefined {
  return mode.startsWith(joining) ? mode.slice(joining.length) : undefined;
}

/** What of `HostConfig` may name another container whose namespace is joined. */
const modes = ['NetworkMode', 'PidMode', 'IpcMode'] as const;

/**
 * `--network container:…`, `--pid` and `--ipc` likewise, name the other container by its full id, and no container has a name of that form. Threat: what names no container
 * yet, or a name another gets later, can be made to lead back to the container itself. dockerd follows such a chain without end for each
 * container that has a link (`--link`) to one in it (daemon_unix.go, registerLinks), at each start and before it answers anybody. An id can't
 * lead back: whom it names was there before. dockerd itself puts the id there, but not where it finds no container, and looks for the name again at each start: a container that
 * the engine restarts by itself would then be in the namespaces of whoever has the name by then, which nobody was asked about.
 *
 * Throws `BH_GATE_JOINED_NETWORK`.
 */
export function checkNetworkMode(mode: string): void {
  const container = joinedContainer(mode);
  if (container !== undefined && !isFullId(container))
    throw new BulkheadError('BH_GATE_JOINED_NETWORK', { container });
}

/** Every mode of a container that is made. Throws `BH_GATE_JOINED_NETWORK`. */
export function checkJoins(hostConfig: ReadonlyMap<string, EngineJson>): void {
  for (const key of modes) checkNetworkMode(textAt(hostConfig, foldKey(key)));
}

/** POST /build, which makes containers with the classic builder. Throws `BH_GATE_JOINED_NETWORK`. */
export function checkBuildNetwork(query: string | undefined): void {
  for (const mode of queryValues(query, 'networkmode')) checkNetworkMode(mode);
}

/** `?name=` of a container that is made or renamed. Throws `BH_GATE_CONTAINER_NAME`. */
export function checkContainerName(query: string | undefined): void {
  for (const name of queryValues(query, 'name'))
    if (isFullId(name.replace(/^\/+/, ''))) throw new BulkheadError('BH_GATE_CONTAINER_NAME', { name });
}

/**
 * POST /containers/create: puts the id in place of whatever else names the container whose namespace is joined.
 *
 * Throws `BH_GATE_NO_CONTAINER`.
 */
export async function joinById(body: RequestBody, idOf: ContainerIds): Promise<void> {
  const hostConfig = objectAt(asObject(body.folded, 'the body'), 'hostconfig');
  for (const key of modes) {
    const container = joinedContainer(textAt(hostConfig, foldKey(key)));
    if (container === undefined || isFullId(container)) continue;
    const id = await idOf(container);
    if (id === undefined) throw new BulkheadError('BH_GATE_NO_CONTAINER', { container });
    body.setHostConfig(key, `${joining}${id}`);
  }
}
