import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { joinDuplex } from '../../channel/index.js';
import { codeOf, messageOf } from '../../common/cause.js';
import { BulkheadError, isBulkheadError } from '../../common/errors/bulkhead-error.js';
import { tcpApiPort } from '../../common/tcp-api-port.js';
import { Connections } from './connections.js';
import { firstHead } from './first-head.js';
import { readHead } from './read-head.js';

/**
 * `exposeDockerAPIOnTCP2375`: offers an engine's socket on the loopback of this host, and nowhere else. It is the same socket behind, so the gate's rules
 * hold; but every user of the machine can connect.
 *
 * Rejects with `BH_TCP_PORT`. Disposing of it closes it.
 */
export async function listenTcpApi(
  dockerSocket: string,
  port = tcpApiPort,
  connections = new Connections(),
): Promise<AsyncDisposable & { readonly port: number }> {
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    connections.end();
    await Promise.all(servers.map(async (server) => new Promise((done) => server.close(done))));
  };
  let bound = port;
  for (const host of ['127.0.0.1', '::1']) {
    const server = createServer({ allowHalfOpen: true }, (client) => {
      void serve(client, dockerSocket, connections);
    });
    try {
      server.listen({ host, port: bound });
      await once(server, 'listening');
    } catch (cause) {
      // A machine without IPv6.
      if (host === '::1' && ['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(String(codeOf(cause)))) continue;
      await close();
      throw new BulkheadError(
        'BH_TCP_PORT',
        { address: host, port: bound, reason: messageOf(cause) },
        { cause },
      );
    }
    // A connection that cannot be accepted (out of descriptors) is no reason to end the controller, and the VM with it.
    server.on('error', () => undefined);
    servers.push(server);
    const address = server.address();
    if (typeof address === 'object' && address !== null) bound = address.port;
  }
  return { port: bound, [Symbol.asyncDispose]: close };
}

async function serve(client: Socket, dockerSocket: string, connections: Connections): Promise<void> {
  client.on('error', () => client.destroy());
  try {
    connections.add(client);
    const { head, rest } = await readHead(client);
    const first = firstHead(head);
    connections.hasAsked(client);
    const engine = connect({ path: dockerSocket, allowHalfOpen: true });
    engine.write(Buffer.from(`${first}\r\n\r\n`, 'latin1'));
    engine.write(rest);
    await joinDuplex(client, engine);
  } catch (error) {
    if (!isBulkheadError(error)) {
      client.destroy();
      return;
    }
    const full = error.code === 'BH_TCP_FULL';
    client.end(refusal(full ? '503 Service Unavailable' : '403 Forbidden', error));
    client.resume();
    // It has no place, and no deadline by which it is gone.
    if (full) client.destroySoon();
  }
}

function refusal(status: string, { message, code }: BulkheadError): string {
  const body = JSON.stringify({ message: `${message} (${code})` });
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`;
}
