import { once } from 'node:events';
import { connect, createServer, isIPv6, type Socket } from 'node:net';
import { joinDuplex } from '../../channel/index.js';
import type { Places } from './places.js';

export interface RelayFrom {
  readonly address: string;
  readonly port: number;
}

export interface Relay {
  /** Stops listening, also a second time; connections that were made go on. */
  close(): void;
}

/** Of one port. Threat: each is two descriptors of the controller, through which everything goes that is said to the engine. */
export const mostConnections = 1024;

/** Joins connections to an address of the host with a port on its loopback, where QEMU listens. Rejects with the system's error. */
export async function relayTcp({ address, port }: RelayFrom, to: number, places: Places): Promise<Relay> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (!places.take()) {
      client.destroy();
      return;
    }
    const inner = connect({ host: '127.0.0.1', port: to, allowHalfOpen: true, noDelay: true });
    for (const socket of [client, inner]) open.add(socket);
    void joinDuplex(client, inner).then(() => {
      for (const socket of [client, inner]) open.delete(socket);
      places.giveBack();
    });
  });
  server.maxConnections = mostConnections;
  server.listen({ host: address, port, ipv6Only: isIPv6(address), exclusive: true });
  await once(server, 'listening');
  // Of a server that listens nothing is left to go wrong but accept(2), which is tried again.
  server.on('error', () => undefined);
  return {
    close: () => {
      server.close();
    },
  };
}
