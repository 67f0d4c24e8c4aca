import type { Socket } from 'node:net';
import { isIPv6 } from 'node:net';
import { messageOf } from '../../common/cause.js';
import { readLines } from '../../common/line-reader.js';
import type { Logger } from '../../common/log.js';
import { printable } from '../../common/printable.js';
import type { GuestForward } from './forward-rules.js';
import type { GuestPorts } from './guest-ports.js';
import type { HostForward } from './host-ports.js';
import { type LeaseRequest, parseLeaseLine } from './lease-line.js';

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
  readonly guestPorts: GuestPorts;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/** publish-port's own limit (`src/daemon/publish-port/lease.h`). */
const longestLine = 511;

/**
 * One connection of publish-port: the port is published while it lives. Does not reject.
 *
 * Back it is given in this order: the host stops first, so that nothing it takes still leads to a port of the VM that somebody else gets.
 */
export async function serveLease(socket: Socket, parts: LeaseParts): Promise<void> {
  let first = true;
  let published: Promise<(() => Promise<void>) | undefined> = Promise.resolve(undefined);
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  void readLines(
    socket,
    (line) => {
      if (first) published = grant(socket, line, parts, released);
      else release();
      first = false;
    },
    longestLine,
  ).then(() => {
    release();
  });
  await released;
  const giveBack = await published;
  await giveBack?.();
  socket.end();
}

/** Answers the first line. Gives the way back where there was a port. */
async function grant(
  socket: Socket,
  line: string,
  parts: LeaseParts,
  released: Promise<void>,
): Promise<(() => Promise<void>) | undefined> {
  const refuse = (reason: string): undefined => {
    socket.end(`error ${printable(reason)}\n`);
  };
  const request = parseLeaseLine(line);
  if (request === undefined) return refuse('bulkheadd was not asked for a port as publish-port asks');
  const { table, guestPorts, log } = parts;
  try {
    await table.open();
  } catch (error) {
    log.warn({ err: error }, 'the firewall of the VM could not be set up for published ports');
    return refuse(`the firewall of the VM could not be set up: ${messageOf(error)}`);
  }
  const tooMany = guestPorts.refusalOf(request.containerAddress);
  if (tooMany !== undefined) return refuse(tooMany);
  const guestPort = guestPorts.take(request.guestPort, request.containerAddress, (port) =>
    table.isFree(port),
  );
  if (guestPort === undefined)
    return refuse(`port ${request.guestPort} of the VM, which led to the container, is another's now`);
  const giveBack = await publish(request, guestPort, parts, released).catch((error: unknown) => {
    guestPorts.give(guestPort);
    return refuse(messageOf(error));
  });
  if (giveBack !== undefined && !socket.destroyed) socket.write(`ok ${guestPort}\n`);
  return giveBack;
}

async function publish(
  { protocol, hostAddress, hostPort, containerAddress, containerPort }: LeaseRequest,
  guestPort: number,
  { host, table, guestPorts, log }: LeaseParts,
  released: Promise<void>,
): Promise<() => Promise<void>> {
  const forHost = { protocol, guestPort, address: hostAddress, port: hostPort };
  const inside = { protocol, guestPort, containerAddress, containerPort };
  const giveBack = async (): Promise<void> => {
    await host.release(forHost);
    await table.remove(inside).catch((error: unknown) => {
      log.warn({ err: error, ...inside }, 'a forward to a container could not be taken away');
    });
    guestPorts.give(guestPort);
  };
  if (isIPv6(containerAddress)) {
    // The VM has IPv4 alone, and its firewall can't turn one into the other. The same port by IPv4 is another lease.
    log.info(forHost, 'a port of an IPv6 address of a container is not published on the host');
    return async () => {
      guestPorts.give(guestPort);
    };
  }
  void released.then(() => host.release(forHost));
  const outcomes = await Promise.allSettled([host.publish(forHost), table.add(inside)]);
  const failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed?.status !== 'rejected') return giveBack;
  await host.release(forHost);
  await table.remove(inside).catch(() => undefined);
  throw failed.reason;
}
