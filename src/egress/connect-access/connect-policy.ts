import { contactOf, type Settings } from '../../policy/index.js';
import type { ConnectPolicy } from './connection.js';
import { RuleIndex } from './rule-index.js';

/** What the settings say of connections, compiled once for all that is decided under them. */
export function connectPolicyOf(
  settings: Pick<Settings, 'bulkhead'> | undefined,
  registries?: ConnectPolicy['registries'],
): ConnectPolicy {
  const access = settings?.bulkhead?.networkAccess;
  return {
    ...(access === undefined ? {} : { network: new RuleIndex(access) }),
    ...(registries === undefined ? {} : { registries }),
    contact: contactOf(settings),
  };
}
