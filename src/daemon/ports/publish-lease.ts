import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import type { GuestForward } from './forward-rules.js';
import type { GuestPorts } from './guest-ports.js';
import type { HostForward } from './host-ports.js';
import type { LeaseRequest } from './lease-line.js';

export interface LeaseParts {
  readonly host: {
    publish(forward: HostForward): Promise<void>;
    release(forward: HostForward): Promise<void>;
  };
  readonly table: {
    open(): Promise<void>;
    isFree(guestPort: number): boolean;
    add(forward: GuestForward): Promise<void>;
    remove(forward: GuestForward): Promise<void>;
  };
  /** The IPv4 address of the container that has this IPv6 one; undefined where there is none. Does not reject. */
  readonly ownIpv4: (address: string, signal: AbortSignal) => Promise<string | undefined>;
  readonly guestPorts: GuestPorts;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

type GiveBack = () => Promise<void>;

/** Leads what comes from the host to the container, by IPv4. Gives the way back; rejects with the reason where the port can't be published, and nothing stays then. */
export async function publish(
  { protocol, hostAddress, hostPort, containerAddress, containerPort }: LeaseRequest,
  guestPort: number,
  { host, table, guestPorts, log }: LeaseParts,
  released: Promise<void>,
): Promise<GiveBack> {
  const forHost = { protocol, guestPort, address: hostAddress, port: hostPort };
  const inside = { protocol, guestPort, containerAddress, containerPort };
  const giveBack = async (): Promise<void> => {
    await host.release(forHost);
    await table.remove(inside).catch((error: unknown) => {
      log.warn({ err: error, ...inside }, 'a forward to a container could not be taken away');
    });
    guestPorts.give(guestPort);
  };
  void released.then(() => host.release(forHost));
  const outcomes = await Promise.allSettled([host.publish(forHost), table.add(inside)]);
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed?.status !== 'rejected') return giveBack;
  await host.release(forHost);
  await table.remove(inside).catch(() => undefined);
  throw failed.reason;
}

/**
 * A port of an IPv6 address whose container is not known yet: it is granted, and published when the engine says by which IPv4 address the container is reached. A container that has none, as in
 * a network without IPv4, is not reached from the host.
 */
export async function publishLate(
  request: LeaseRequest,
  ipv4: Promise<string | undefined>,
  guestPort: number,
  parts: LeaseParts,
  released: Promise<void>,
): Promise<GiveBack> {
  const { guestPorts, log } = parts;
  const { protocol, hostAddress, hostPort } = request;
  const what = { protocol, address: hostAddress, port: hostPort };
  let isOver = false;
  void released.then(() => (isOver = true));
  const begin = async (): Promise<GiveBack | undefined> => {
    const containerAddress = await ipv4;
    if (isOver) return undefined;
    if (containerAddress === undefined) {
      log.info(what, 'a port of a container without an IPv4 address is not published on the host');
      return undefined;
    }
    const tooMany = guestPorts.refusalOf(containerAddress);
    if (tooMany !== undefined) throw new Error(tooMany);
    guestPorts.give(guestPort);
    guestPorts.take(guestPort, containerAddress);
    return publish({ ...request, containerAddress }, guestPort, parts, released);
  };
  const begun = begin().catch((error: unknown): undefined => {
    log.warn({ err: error, ...what }, 'a port was not published on the host by IPv6');
  });
  return async () => {
    const giveBack = await begun;
    if (giveBack === undefined) guestPorts.give(guestPort);
    else await giveBack();
  };
}
