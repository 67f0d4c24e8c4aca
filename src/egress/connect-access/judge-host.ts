import type { Connection, ConnectPolicy, Permission } from './connection.js';
import { hostDialled, hostName, loopbackClosed } from './host-loopback.js';
import { byRule, destinationText, hostLoopback, type Refused } from './refusals.js';
import { isListedFor } from './registry-barrier.js';

/**
 * Whether somebody may connect to the loopback of the host: where its setting opens it, and rules about its name, or about everything, allow that. Threat: a rule about addresses,
 * an office's network as often as not, opens what listens there and trusts whoever comes; so none is asked.
 */
export function judgeHost(
  policy: ConnectPolicy,
  { who, port }: Pick<Connection, 'who' | 'port'>,
): Permission | Refused {
  const destination = destinationText({ who, address: hostDialled, port }, hostName);
  const closed = loopbackClosed(policy.hostLoopback, port);
  if (closed !== undefined) return hostLoopback(policy, who, destination, closed);
  const permit = (because: string): Permission => ({
    kind: 'permit',
    target: { kind: 'host', port },
    because,
  });
  const { network } = policy;
  if (network === undefined) return permit('bulkhead.hostLoopback');
  if (isListedFor(policy, who, hostName, port)) return permit('bulkhead.registryAccess');
  const rule = network.forName(who, hostName, port) ?? network.forEvery(who, port);
  if ((rule?.action ?? network.default) === 'deny') return byRule(policy, who, destination, rule);
  return permit(rule?.place ?? 'bulkhead.hostLoopback');
}
