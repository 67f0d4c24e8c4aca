import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6 } from 'node:net';
import type { PortProtocol } from '../../common/ports.js';

interface Place {
  readonly protocol: PortProtocol;
  readonly address: string;
  /** 0 for any. */
  readonly port: number;
}

/**
 * Listens for a moment and gives the port. QEMU does not say why it can't listen, and of UDP it does not notice that somebody else does. Rejects with the
 * system's error. (Who takes the port between this and QEMU gets it, and QEMU's refusal is told then.)
 */
export async function tryBind({ protocol, address, port }: Place): Promise<number> {
  if (protocol === 'udp') {
    const socket = createSocket('udp4').bind({ address, port, exclusive: true });
    try {
      await once(socket, 'listening');
      return socket.address().port;
    } finally {
      socket.close();
    }
  }
  const server = createServer().listen({ host: address, port, ipv6Only: isIPv6(address), exclusive: true });
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  return typeof bound === 'object' && bound !== null ? bound.port : port;
}
