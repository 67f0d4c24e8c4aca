import { isIPv6 } from 'node:net';
import { ownPorts } from '../../common/own-ports.js';
import type { LoopbackRules, LoopbackWay } from '../../egress/index.js';

const chain = 'BULKHEAD-LOOPBACK';
/** Threat: a network's own rules (`userland-proxy` off) lead a published port of the loopback to its container before anybody else sees it. So this one comes first. */
export const entry = `OUTPUT 1 -p tcp -m addrtype --dst-type LOCAL -j ${chain}`;

/** Whether it is there already, of a bulkheadd before this one: words for iptables. */
export const isEntered = ['-C', ...entry.split(' ').filter((word) => word !== '1')];

/** Where bulkheadd listens for what goes nowhere else, by what becomes of it there. */
export type ListeningPorts = Readonly<Partial<Record<Exclude<LoopbackWay, 'open'>, number>>>;

/**
 * What the engine connects to on itself, by whatever address of its, goes to who refuses or reads it, unless the place is open; in the language of iptables-restore. bulkheadd's own goes where it was meant to.
 */
export function closingRules(
  family: 4 | 6,
  { places, otherwise }: LoopbackRules,
  { ports, entered }: { readonly ports: ListeningPorts; readonly entered: boolean },
): string[] {
  const targetOf = (way: LoopbackWay): string => {
    if (way === 'open') return 'RETURN';
    const port = ports[way];
    // Nobody would stand there.
    if (port === undefined) throw new Error(`nobody listens for what is ${way}`);
    return `DNAT --to-destination ${family === 6 ? '[::1]' : '127.0.0.1'}:${port}`;
  };
  const told = places.filter(({ address }) => isIPv6(address) === (family === 6));
  return [
    '*nat',
    `:${chain} - [0:0]`,
    `-A ${chain} -p tcp -m tcp --sport ${ownPorts.first}:${ownPorts.last} -j RETURN`,
    ...told.map(({ address, port, way }) => {
      const at = port === '*' ? '' : ` --dport ${port}`;
      return `-A ${chain} -d ${address} -p tcp -m tcp${at} -j ${targetOf(way)}`;
    }),
    `-A ${chain} -p tcp -m tcp -j ${targetOf(otherwise)}`,
    ...(entered ? [] : [`-I ${entry}`]),
    'COMMIT',
  ];
}
