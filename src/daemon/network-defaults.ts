import { bindingOption } from '../gate/port-bindings.js';
import type { JsonObject, NetworkingMode, PortBindingBehavior } from '../policy/index.js';

/** What the settings say of networks for which nobody who makes them says otherwise. */
export interface NetworkSettings {
  readonly portBinding: PortBindingBehavior;
  readonly networkingMode: NetworkingMode;
}

/** By the names dockerd has for them; of the engine's own default, IPv4 alone, nothing is said. */
const families: Readonly<Record<NetworkingMode, JsonObject>> = {
  ipv4only: {},
  'dual-stack': { 'com.docker.network.enable_ipv6': 'true' },
  ipv6only: { 'com.docker.network.enable_ipv4': 'false', 'com.docker.network.enable_ipv6': 'true' },
};

/** Of the engine's configuration file. */
export function networkDefaults({ portBinding, networkingMode }: NetworkSettings): JsonObject {
  const local = portBinding !== 'default-port-binding';
  const bridge = { ...families[networkingMode], ...(local ? { [bindingOption]: '127.0.0.1' } : {}) };
  return {
    ...(local ? { ip: '127.0.0.1' } : {}),
    ...(Object.keys(bridge).length === 0 ? {} : { 'default-network-opts': { bridge } }),
  };
}
