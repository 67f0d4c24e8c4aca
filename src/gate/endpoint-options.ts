import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { EngineJson } from './engine-json.js';
import { asObject, objectAt } from './fields.js';

/** What dockerd calls its own options, and those of them that are a person's to set (its API reference, `EndpointSettings.DriverOpts`). */
const engineOptions = 'com.docker.network.';
const personsOptions = new Set(['com.docker.network.endpoint.ifname', 'com.docker.network.endpoint.sysctls']);

/**
 * Settings of a container on one network. Threat: dockerd keeps a person's `DriverOpts` in one table with its own of the same endpoint, which
 * have other types than text, writes both to its disk, and ends in a panic where it reads text as a list of ports
 * (`com.docker.network.portmap`; libnetwork/endpoint.go, UnmarshalJSON). It reads them at each start, so it never comes up again.
 *
 * Throws `BH_GATE_ENDPOINT_OPTION`.
 */
function checkEndpoint(endpoint: ReadonlyMap<string, EngineJson>): void {
  const option = [...objectAt(endpoint, 'driveropts').keys()].find(
    (key) => key.startsWith(engineOptions) && !personsOptions.has(key),
  );
  if (option !== undefined) throw new BulkheadError('BH_GATE_ENDPOINT_OPTION', { option });
}

/** Those of POST /containers/create. Throws a `BH_GATE_…` refusal. */
export function checkEndpoints(container: ReadonlyMap<string, EngineJson>): void {
  const endpoints = objectAt(objectAt(container, 'networkingconfig'), 'endpointsconfig');
  for (const [network, endpoint] of endpoints)
    if (endpoint !== null) checkEndpoint(asObject(endpoint, network));
}

/** POST /networks/{id}/connect. Throws a `BH_GATE_…` refusal. */
export function checkNetworkConnect(body: EngineJson): void {
  checkEndpoint(objectAt(asObject(body, 'the body'), 'endpointconfig'));
}
