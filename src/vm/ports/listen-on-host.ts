import { isIPv6 } from 'node:net';
import { isLoopback } from '../../common/loopback.js';
import type { PortProtocol } from '../../common/ports.js';
import type { Vm } from '../backend.js';
import { bindErrorText, isWithoutIPv6 } from './bind-error.js';
import { mostRelayed, Places } from './places.js';
import { relayTcp } from './relay-tcp.js';
import { relayUdp } from './relay-udp.js';
import { tryBind } from './try-bind.js';

/** A port the guest may have. */
export interface HostPort {
  readonly protocol: PortProtocol;
  readonly address: string;
  readonly port: number;
  readonly guestPort: number;
}

/** The policy says what may get out. Then libslirp takes from the guest nothing but answers to its own address, by TCP (`src/vm/network/guest-network.ts`). */
export interface Restricted {
  /** Whom to ask. */
  readonly contact: string;
}

/** The way to stop; rejects when it can't be. */
export type StopListening = () => Promise<void>;

/** Of this process, whose descriptors they are. */
const relayed = new Places(mostRelayed);

type Forwarding = Pick<Vm, 'addForward' | 'removeForward' | 'forwardsIPv6'>;

/**
 * Has QEMU listen, which takes connections straight to the VM; where it can't the controller does, and joins them with a port of QEMU's on the loopback. Rejects with the
 * reason, in the words of a local engine where it is the system's.
 */
export async function listenOnHost(
  wanted: HostPort,
  vm: Forwarding,
  restricted?: Restricted,
): Promise<StopListening> {
  if (restricted !== undefined && wanted.protocol === 'udp') throw new Error(noUdp(restricted));
  if (!isForwarded(wanted, vm, restricted)) return await listenByController(wanted, vm);
  try {
    await tryBind(wanted);
  } catch (cause) {
    if (isWithoutIPv6(wanted.address, cause)) return async () => undefined;
    throw new Error(bindErrorText(wanted, cause), { cause });
  }
  await vm.addForward(wanted);
  return () => vm.removeForward(wanted);
}

/**
 * Whether QEMU listens there itself: at IPv6 addresses by TCP, where it has what forward6.c is, and by which the guest sees everybody as its gateway, the one a restricted
 * network lets it answer; at IPv4 addresses unless a restricted network would not let it answer who connects.
 */
function isForwarded({ protocol, address }: HostPort, vm: Forwarding, restricted?: Restricted): boolean {
  if (isIPv6(address)) return protocol === 'tcp' && vm.forwardsIPv6 && !address.includes('%');
  return restricted === undefined || isLoopback(address);
}

const noUdp = ({ contact }: Restricted): string =>
  'ports of UDP are not published from a VM whose policy says what may get out: QEMU lets no datagram out of it then ' +
  `(rule egress, settings bulkhead.networkAccess, containersProxy, bulkhead.registryAccess and bulkhead.imageAccess). Ask ${contact}.`;

async function listenByController(wanted: HostPort, vm: Forwarding): Promise<StopListening> {
  const { protocol, guestPort } = wanted;
  const address = '127.0.0.1';
  const inner = { protocol, guestPort, address, port: await tryBind({ protocol, address, port: 0 }) };
  await vm.addForward(inner);
  try {
    const relay = await (protocol === 'tcp' ? relayTcp : relayUdp)(wanted, inner.port, relayed);
    return async () => {
      relay.close();
      await vm.removeForward(inner);
    };
  } catch (cause) {
    await vm.removeForward(inner).catch(() => undefined);
    if (isWithoutIPv6(wanted.address, cause)) return async () => undefined;
    throw new Error(bindErrorText(wanted, cause), { cause });
  }
}
