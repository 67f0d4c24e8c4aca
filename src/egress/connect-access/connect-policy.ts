import { contactOf, type Settings } from '../../policy/index.js';
import { compileWholeRegistries, decideWholeRegistry } from '../image-access/whole-registries.js';
import { isListed, isNamedRegistry } from '../registry-access/listed-hosts.js';
import { compileRegistryAccess } from '../registry-access/registry-rules.js';
import type { ConnectPolicy } from './connection.js';
import type { HostLoopback } from './host-loopback.js';
import { RuleIndex } from './rule-index.js';

/** What the settings say of connections, compiled once for all that is decided under them. */
export function connectPolicyOf(
  settings: Pick<Settings, 'bulkhead'> | undefined,
  hostLoopback: HostLoopback = 'closed',
): ConnectPolicy {
  const { networkAccess, registryAccess, imageAccess } = settings?.bulkhead ?? {};
  const registries = registryAccess === undefined ? undefined : compileRegistryAccess(registryAccess);
  const images = imageAccess?.containers === 'refuse' ? compileWholeRegistries(imageAccess) : undefined;
  const isNamed = (host: string, port: number): boolean =>
    registries !== undefined && isNamedRegistry(registries, host, port);
  return {
    ...(networkAccess === undefined ? {} : { network: new RuleIndex(networkAccess) }),
    ...(registries === undefined
      ? {}
      : { registries: { lists: (host, port) => isListed(registries, host, port) } }),
    ...(images === undefined
      ? {}
      : {
          images: {
            of(host, port) {
              const said = decideWholeRegistry(images, host, port);
              return { ...said, isKnown: said.isKnown || isNamed(host, port) };
            },
          },
        }),
    hostLoopback,
    contact: contactOf(settings),
  };
}
