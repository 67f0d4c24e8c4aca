import type { Socket } from 'node:net';
import { isIPv6 } from 'node:net';
import { messageOf } from '../../common/cause.js';
import { readLines } from '../../common/line-reader.js';
import { printable } from '../../common/printable.js';
import { parseLeaseLine } from './lease-line.js';
import { type LeaseParts, publish, publishLate } from './publish-lease.js';

/**
 * Milliseconds an IPv6 lease waits for the IPv4 address. dockerd gives publish-port 16 s, and answers nobody while it starts with containers that are to be restarted: those are not to wait
 * for each other.
 */
const soonMs = 2000;

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
  const asked = parseLeaseLine(line);
  if (asked === undefined) return refuse('bulkheadd was not asked for a port as publish-port asks');
  const { table, guestPorts, log } = parts;
  try {
    await table.open();
  } catch (error) {
    log.warn({ err: error }, 'the firewall of the VM could not be set up for published ports');
    return refuse(`the firewall of the VM could not be set up: ${messageOf(error)}`);
  }
  const ipv4 = isIPv6(asked.containerAddress) ? seekIpv4(asked.containerAddress, parts, released) : undefined;
  const soon = await (ipv4 === undefined ? undefined : Promise.race([ipv4, parts.clock.sleep(soonMs)]));
  const request = soon === undefined ? asked : { ...asked, containerAddress: soon };
  const tooMany = guestPorts.refusalOf(request.containerAddress);
  if (tooMany !== undefined) return refuse(tooMany);
  const guestPort = guestPorts.take(request.guestPort, request.containerAddress, (port) =>
    table.isFree(port),
  );
  if (guestPort === undefined)
    return refuse(`port ${request.guestPort} of the VM, which led to the container, is another's now`);
  const done =
    ipv4 === undefined || soon !== undefined
      ? publish(request, guestPort, parts, released)
      : publishLate(request, ipv4, guestPort, parts, released);
  const giveBack = await done.catch((error: unknown) => {
    guestPorts.give(guestPort);
    return refuse(messageOf(error));
  });
  if (giveBack !== undefined && !socket.destroyed) socket.write(`ok ${guestPort}\n`);
  return giveBack;
}

function seekIpv4(
  address: string,
  { ownIpv4 }: Pick<LeaseParts, 'ownIpv4'>,
  released: Promise<void>,
): Promise<string | undefined> {
  const over = new AbortController();
  void released.then(() => {
    over.abort();
  });
  return ownIpv4(address, over.signal);
}
