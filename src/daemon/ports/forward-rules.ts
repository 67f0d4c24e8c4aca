import { portKey, type PortProtocol } from '../../common/ports.js';

/** What comes from the host to a port of the VM's own goes to this container. */
export interface GuestForward {
  readonly protocol: PortProtocol;
  readonly guestPort: number;
  readonly containerAddress: string;
  readonly containerPort: number;
}

/** The network card and the address of the host on it. */
export interface HostSide {
  readonly interface: string;
  readonly gateway: string;
}

/** The chain connections from the host go through. */
export const chain = 'BULKHEAD-PORTS';
/** Packets that answer a connection of the gateway's: a table of routes of their own leads them there (`vm-image/init/reply_route.h`). */
const replyMark = '0xb0000';

/**
 * What is there once for all, in the language of iptables-restore.
 *
 * The chain comes before dockerd's, and what it does not name goes nowhere (a destination that the kernel drops on its way in): whatever the host leads to
 * the VM, only what was leased gets in. Replies are marked, not what begins a connection; of TCP a packet that begins one is not even taken for a reply
 * of one that has ended, so a container that was reached from the loopback of the host can't reach back to it. UDP has no such packets: a container that was
 * reached can go on answering the port that asked, whoever has it by then, as on any machine.
 *
 * What the chain names passes dockerd's filter, which lets in by IPv4 what was published by IPv4 alone: a port at an IPv6 address of the host leads to an IPv4 address here.
 *
 * What comes in the gateway's name by another way than the card is dropped before it is known as a connection. Threat: a container that sends to another in that name
 * (NET_RAW) would have made all the other answers a reply to the host.
 */
export function foundation({ interface: card, gateway }: HostSide): string[] {
  const replies = `-A PREROUTING -d ${gateway}/32 ! -i ${card} -m conntrack --ctstate ESTABLISHED --ctdir REPLY`;
  return [
    '*filter',
    `-I DOCKER-USER 1 -i ${card} -m conntrack --ctstate DNAT -j ACCEPT`,
    'COMMIT',
    '*raw',
    `-A PREROUTING -s ${gateway}/32 ! -i ${card} -j DROP`,
    'COMMIT',
    '*mangle',
    `${replies} -p tcp -m tcp ! --syn -j MARK --set-mark ${replyMark}`,
    `${replies} -p udp -j MARK --set-mark ${replyMark}`,
    'COMMIT',
    '*nat',
    `:${chain} - [0:0]`,
    `-I PREROUTING 1 -i ${card} -j ${chain}`,
    ...nowhere,
    'COMMIT',
  ];
}

const nowhere = ['tcp', 'udp'].map(
  (protocol) => `-A ${chain} -p ${protocol} -j DNAT --to-destination 127.0.0.1:9`,
);

function ruleOf({ protocol, guestPort, containerAddress, containerPort }: GuestForward): string {
  return `-p ${protocol} -m ${protocol} --dport ${guestPort} -j DNAT --to-destination ${containerAddress}:${containerPort}`;
}

/** Adds some to what there is. */
export function additions(forwards: readonly GuestForward[]): string[] {
  return ['*nat', ...forwards.map((forward) => `-I ${chain} 1 ${ruleOf(forward)}`), 'COMMIT'];
}

/** Puts these in the place of all there are. */
export function replacement(forwards: readonly GuestForward[]): string[] {
  return [
    '*nat',
    `:${chain} - [0:0]`,
    ...forwards.map((forward) => `-A ${chain} ${ruleOf(forward)}`),
    ...nowhere,
    'COMMIT',
  ];
}

/** Reads what `iptables -S` says of the chain: the forwards that another bulkheadd has left, by their keys. */
export function parseForwards(listing: string): ReadonlyMap<string, GuestForward> {
  const found = new Map<string, GuestForward>();
  const pattern = new RegExp(
    String.raw`^-A ${chain} -p (?<protocol>tcp|udp) -m (?:tcp|udp) --dport (?<guestPort>\d+) -j DNAT --to-destination (?<address>[\d.]+):(?<port>\d+)$`,
  );
  for (const line of listing.split('\n')) {
    const { protocol, guestPort, address = '', port } = pattern.exec(line)?.groups ?? {};
    if (protocol !== 'tcp' && protocol !== 'udp') continue;
    const forward = {
      protocol,
      guestPort: Number(guestPort),
      containerAddress: address,
      containerPort: Number(port),
    } as const;
    found.set(portKey(forward), forward);
  }
  return found;
}
