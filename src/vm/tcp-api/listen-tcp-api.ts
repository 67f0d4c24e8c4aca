import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { joinDuplex } from '../../channel/index.js';
import { codeOf, messageOf } from '../../common/cause.js';
import { BulkheadError, isBulkheadError } from '../../common/errors/bulkhead-error.js';
import { tcpApiPort } from '../../common/tcp-api-port.js';
import { firstHead } from './first-head.js';
import { readHead } from './read-head.js';

/** How long a client may take to send its first head, milliseconds. */
const headMs = 30_000;

/**
 * `exposeDockerAPIOnTCP2375`: offers an engine's socket on the loopback of this host, and nowhere else. It is the same socket behind, so the gate's rules
 * hold; but every user of the machine can connect.
 *
 * Rejects with `BH_TCP_PORT`. Disposing of it closes it.
 */
export async function listenTcpApi(
  dockerSocket: string,
  port = tcpApiPort,
): Promise<AsyncDisposable & { readonly port: number }> {
  const open = new Set<Socket>();
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    for (const socket of open) socket.destroy();
    await Promise.all(servers.map(async (server) => new Promise((done) => server.close(done))));
  };
  let bound = port;
  for (const host of ['127.0.0.1', '::1']) {
    const server = createServer({ allowHalfOpen: true }, (client) => {
      open.add(client);
      client.once('close', () => open.delete(client));
      void serve(client, dockerSocket);
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

async function serve(client: Socket, dockerSocket: string): Promise<void> {
  client.on('error', () => client.destroy());
  client.setTimeout(headMs, () => client.destroy());
  try {
    const { head, rest } = await readHead(client);
    const first = firstHead(head);
    client.setTimeout(0);
    const engine = connect({ path: dockerSocket, allowHalfOpen: true });
    engine.write(Buffer.from(`${first}\r\n\r\n`, 'latin1'));
    engine.write(rest);
    await joinDuplex(client, engine);
  } catch (error) {
    if (!isBulkheadError(error)) {
      client.destroy();
      return;
    }
    const body = JSON.stringify({ message: `${error.message} (${error.code})` });
    client.end(
      `HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
    client.resume();
  }
}
