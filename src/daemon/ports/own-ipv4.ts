import type { Clock } from '../../common/clock.js';
import { canonicalAddress } from '../../common/ip-address.js';
import type { EngineClient } from '../engine/engine-client.js';
import { type NetworkMember, readNetworkMembers } from '../engine/network-members.js';

/** Milliseconds until an engine that does not answer, or does not know the address yet, is asked again; and how often it is. */
const againMs = 1000;
const mostAsked = 60;

/**
 * The IPv4 address a container has in the network where it has this IPv6 one, by which the host reaches it: the VM has IPv4 alone, and its firewall can't turn one into the other. Undefined
 * where it has none, where the engine does not know the address in a minute, and when the signal aborts. Does not reject.
 *
 * Threat: two containers with the same port of the host, one by IPv4 and one by IPv6. So the engine says whose it is, and not another publication of the same ports.
 */
export async function ownIpv4(
  address: string,
  client: Pick<EngineClient, 'call'>,
  clock: Pick<Clock, 'sleep'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const wanted = canonicalAddress(address);
  // An engine that starts answers late, and nobody waits for it who does not want to know any more.
  const over = new Promise<NetworkMember[]>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve([]);
    });
  });
  for (let asked = 0; asked < mostAsked && !signal.aborted; asked++) {
    const members = await Promise.race([over, readNetworkMembers(client).catch(() => [])]);
    const found = new Set(
      members.filter(({ ipv6 }) => ipv6 !== undefined && ipv6 === wanted).map(({ ipv4 }) => ipv4),
    );
    // Several where networks do not know of each other, as macvlan ones, or for a moment: an engine that starts has some of before.
    if (found.size === 1) return [...found][0];
    await clock.sleep(againMs, signal).catch(() => undefined);
  }
  return undefined;
}
