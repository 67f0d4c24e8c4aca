import { contactOf, type Settings } from '../../policy/index.js';
import { isListed } from '../registry-access/listed-hosts.js';
import { compileRegistryAccess } from '../registry-access/registry-rules.js';
import type { ConnectPolicy } from './connection.js';
import { RuleIndex } from './rule-index.js';

/** What the settings say of connections, compiled once for all that is decided under them. */
export function connectPolicyOf(settings: Pick<Settings, 'bulkhead'> | undefined): ConnectPolicy {
  const { networkAccess, registryAccess } = settings?.bulkhead ?? {};
  const registries = registryAccess === undefined ? undefined : compileRegistryAccess(registryAccess);
  return {
    ...(networkAccess === undefined ? {} : { network: new RuleIndex(networkAccess) }),
    ...(registries === undefined
      ? {}
      : { registries: { lists: (host, port) => isListed(registries, host, port) } }),
    contact: contactOf(settings),
  };
}
