import type { RegistryAccess } from '../../policy/index.js';
import { isListed } from '../registry-access/listed-hosts.js';
import { compileRegistryAccess } from '../registry-access/registry-rules.js';
import { addTo, type LoopbackPlaces, loopbackOf } from './places.js';

/** Which registries on the engine's own loopback may be connected to by the rules of registries: those they name, by any of their names. */
export function openPlaces(access: RegistryAccess): LoopbackPlaces {
  const listed = compileRegistryAccess(access);
  const hosts = new Map<string, Set<string>>();
  const named = new Map<string, Set<number | '*'>>();
  for (const { host, port, alsoHosts = [] } of access.rules)
    for (const each of [{ host, port }, ...alsoHosts])
      for (const { address, as } of loopbackOf(each.host)) {
        addTo(hosts, address, as);
        addTo(named, address, each.port);
      }
  return {
    named,
    admits: (address, port) => [...(hosts.get(address) ?? [])].some((host) => isListed(listed, host, port)),
  };
}
