import { isIPv6 } from 'node:net';
import { ownPorts } from '../../common/own-ports.js';
import type { LoopbackRule } from '../../egress/index.js';

const chain = 'BULKHEAD-LOOPBACK';
/** Threat: a network's own rules (`userland-proxy` off) lead a published port of the loopback to its container before anybody else sees it. So this one comes first. */
export const entry = `OUTPUT 1 -p tcp -m addrtype --dst-type LOCAL -j ${chain}`;

/** Whether it is there already, of a bulkheadd before this one: words for iptables. */
export const isEntered = ['-C', ...entry.split(' ').filter((word) => word !== '1')];

/**
 * What the engine connects to on itself, by whatever address of its, goes to who refuses it, unless a rule opens the place; in the language of iptables-restore. bulkheadd's own goes where it was meant to.
 *
 * @param refusing the port there.
 */
export function closingRules(
  family: 4 | 6,
  rules: readonly LoopbackRule[],
  { refusing, entered }: { readonly refusing: number; readonly entered: boolean },
): string[] {
  const elsewhere = `DNAT --to-destination ${family === 6 ? '[::1]' : '127.0.0.1'}:${refusing}`;
  const told = rules.filter(({ address }) => isIPv6(address) === (family === 6));
  return [
    '*nat',
    `:${chain} - [0:0]`,
    `-A ${chain} -p tcp -m tcp --sport ${ownPorts.first}:${ownPorts.last} -j RETURN`,
    ...told.map(({ address, port, open }) => {
      const at = port === '*' ? '' : ` --dport ${port}`;
      return `-A ${chain} -d ${address} -p tcp -m tcp${at} -j ${open ? 'RETURN' : elsewhere}`;
    }),
    `-A ${chain} -p tcp -m tcp -j ${elsewhere}`,
    ...(entered ? [] : [`-I ${entry}`]),
    'COMMIT',
  ];
}
