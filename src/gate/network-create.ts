import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { EngineJson } from './engine-json.js';
import { arrayAt, asObject, objectAt, textAt } from './fields.js';
import type { GatePolicy } from './policy.js';
import { checkNetworkBinding } from './port-bindings.js';
import { overlap } from '../common/subnets.js';

/** Drivers that are part of dockerd. `overlay` needs a swarm. */
const networkDrivers = new Set([
  '',
  'default',
  'bridge',
  'host',
  'ipvlan',
  'macvlan',
  'none',
  'null',
  'overlay',
]);
const addressDrivers = new Set(['', 'default', 'null']);

/**
 * POST /networks/create. Threat: any other driver's name is part of the path of a socket dockerd takes for a plug-in
 * (`/run/docker/plugins/<name>.sock`), and `../` leads it to one that a container has made in a volume. What answers there tells
 * dockerd, root of the VM, which interfaces of the VM to move into a container. A parent interface is the VM's own: macvlan in
 * passthru mode takes over its traffic. A bridge with a part of the VM's own network takes over addresses of it: what has the address of the
 * resolver there is asked by the engine, and by no container any more, after each boot again.
 *
 * Throws a `BH_GATE_…` refusal.
 */
export function checkNetworkCreate(body: EngineJson, policy: GatePolicy): void {
  const { ownNetworks } = policy;
  const network = asObject(body, 'the body');
  const driver = textAt(network, 'driver');
  if (!networkDrivers.has(driver)) refuseNetwork(`the network driver ${driver}`);
  const addresses = textAt(objectAt(network, 'ipam'), 'driver');
  if (!addressDrivers.has(addresses)) refuseNetwork(`the address driver ${addresses}`);
  if (objectAt(network, 'options').has('parent')) refuseNetwork('the network option parent');
  checkNetworkBinding(objectAt(network, 'options'), policy);
  for (const config of arrayAt(objectAt(network, 'ipam'), 'config')) {
    const subnet = textAt(asObject(config, 'ipam'), 'subnet');
    if (subnet !== '' && ownNetworks.some((own) => overlap(subnet, own) !== false))
      refuseNetwork(`the subnet ${subnet}`);
  }
}

function refuseNetwork(option: string): never {
  throw new BulkheadError('BH_GATE_NETWORK', { option });
}
