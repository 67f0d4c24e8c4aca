import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { systemExec } from '../../common/exec.js';
import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import type { EngineClient } from '../engine/engine-client.js';
import { ForwardTable } from './forward-table.js';
import { GuestPorts } from './guest-ports.js';
import { HostPorts } from './host-ports.js';
import type { HostSide } from './forward-rules.js';
import { readHostSide } from './host-side.js';
import { serveLease } from './lease.js';
import { ownIpv4 } from './own-ipv4.js';

export type { HostSide } from './forward-rules.js';
export { parseHostSide } from './host-side.js';

export interface PublishParts {
  /** Of the engine whose containers they are. */
  readonly client: Pick<EngineClient, 'call'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Published ports of a VM: takes the leases of publish-port, leads what comes from the host to the containers, and asks the host to listen. Gives what takes the
 * host's streams.
 *
 * @param fd listening, of PID 1: who connects while bulkheadd is started again waits there. @param told where the default route does not say who the host is.
 */
export function publishPorts(
  fd: number,
  told: HostSide | undefined,
  { client, clock, log }: PublishParts,
): ((stream: Duplex) => void) | undefined {
  const side = told ?? readHostSide();
  if (side === undefined) {
    // Whoever asks is told by the end of the connection.
    createServer((socket) => socket.end('error the VM has no network\n')).listen({ fd });
    return undefined;
  }
  const host = new HostPorts((forward, reason) => {
    log.warn({ ...forward, reason }, 'a published port was lost');
  });
  const parts = {
    host,
    table: new ForwardTable(side, { exec: systemExec, clock, log }),
    ownIpv4: (address: string, signal: AbortSignal) => ownIpv4(address, client, clock, signal),
    guestPorts: new GuestPorts(randomInt(1 << 16)),
    clock,
    log,
  };
  const server = createServer((socket) => void serveLease(socket, parts));
  server.on('error', (error) => {
    log.error({ err: error }, 'no published ports');
  });
  server.listen({ fd });
  return (stream) => {
    host.serve(stream);
  };
}
