import type { Logger } from '../../common/log.js';
import { insecureRegistriesInForce } from '../../policy/index.js';
import { type GatewayProcess, keepGateway } from '../egress/index.js';
import type { GuestLink } from '../guest-link.js';
import type { InstancePaths } from '../instance/paths.js';
import { hostLoopback, leftOut } from '../network/index.js';
import { engineProxy, hostProxy } from '../proxy/index.js';
import type { PreparedDocuments } from './prepare-documents.js';

/** What of the controller's parts a gateway needs. */
export interface GatewayParts {
  readonly paths: Pick<InstancePaths, 'egressSocket'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Pick<Logger, 'warn'>;
}

/**
 * Starts what decides where a VM may connect to, and connects there. The VM says who asks; a VM that has been taken over can say what it likes, and so has what the policy allows whoever is allowed most.
 *
 * @throws BH_SOCKET_TAKEN, BH_SOCKET_PATH.
 */
export async function startGateway(
  { paths, env, logger }: GatewayParts,
  {
    policy,
    publishers,
    authority,
    effective,
  }: Pick<PreparedDocuments, 'policy' | 'publishers' | 'authority' | 'effective'>,
  link: Pick<GuestLink, 'offerRelay' | 'egressClients'>,
): Promise<GatewayProcess> {
  await link.offerRelay(paths.egressSocket);
  return keepGateway({
    relay: paths.egressSocket,
    relayInVm: true,
    policy: policy?.bytes.toString(),
    publishers,
    authority: authority?.privateKey,
    insecureRegistries: insecureRegistriesInForce(policy?.settings, effective),
    system: hostProxy(env, { loopback: 'reached' }).proxy,
    engineProxy: engineProxy(effective, env),
    hostLoopback: hostLoopback(effective).state,
    namesWithout: leftOut(effective.dnsInhibition.value, 'gateway'),
    clients: link.egressClients,
    onLine: (line) => logger.warn({ line }, 'egress'),
  });
}
