import { once } from 'node:events';
import {
  createServer as createHttp,
  type IncomingMessage,
  type RequestListener,
  type Server as HttpServer,
} from 'node:http';
import { createServer as createHttps } from 'node:https';
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** `HOST:PORT` of what it was asked for. */
  readonly asked: () => readonly string[];
}

export interface HttpProxyOptions {
  /** `USER:PASSWORD` it wants; anybody may ask where absent. */
  readonly user?: string;
  /** What it shows, where it speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** An HTTP proxy that takes CONNECT and nothing else. */
export async function startHttpProxy(address: string, { user, tls }: HttpProxyOptions = {}): Promise<Proxy> {
  const asked: string[] = [];
  const refuse: RequestListener = (_, response) => void response.writeHead(405).end();
  const server = tls === undefined ? createHttp(refuse) : createHttps(tls, refuse);
  const wanted = user === undefined ? undefined : `Basic ${Buffer.from(user).toString('base64')}`;
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    if (wanted !== undefined && request.headers['proxy-authorization'] !== wanted) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n');
      return;
    }
    asked.push(request.url ?? '');
    const { hostname, port } = new URL(`http://${request.url ?? ''}`);
    lead(client, hostname, Number(port), 'HTTP/1.1 200 OK\r\n\r\n');
  });
  return proxy(server, address, asked);
}

/** A SOCKS 5 proxy without signing in, for IPv4 addresses and names, that takes CONNECT and nothing else (RFC 1928). */
export async function startSocksProxy(address: string): Promise<Proxy> {
  const asked: string[] = [];
  const server = createServer((client) => {
    client.on('error', () => undefined);
    let said = Buffer.alloc(0);
    client.on('data', (chunk: Buffer) => {
      said = Buffer.concat([said, chunk]);
      // Version 5, one way of signing in, none.
      if (said.length === 3) client.write(Buffer.from([5, 0]));
      const target = said.length > 3 ? targetOf(said.subarray(3)) : undefined;
      if (target === undefined) return;
      client.removeAllListeners('data');
      asked.push(`${target.host}:${target.port}`);
      lead(client, target.host, target.port, Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
    });
  });
  return proxy(server, address, asked);
}

function targetOf(request: Buffer): { readonly host: string; readonly port: number } | undefined {
  const named = request[3] === 3;
  const length = named ? 1 + (request[4] ?? 255) : 4;
  const host = request.subarray(named ? 5 : 4, 4 + length);
  if (request.length < 6 + length) return undefined;
  return { host: named ? host.toString() : [...host].join('.'), port: request.readUInt16BE(4 + length) };
}

function lead(client: Socket, host: string, port: number, answer: string | Buffer): void {
  const upstream = connect({ host, port, allowHalfOpen: true }, () => {
    client.write(answer);
    client.pipe(upstream);
    upstream.pipe(client);
  });
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ] as const)
    one.on('error', () => other.destroy());
}

async function proxy(server: Server | HttpServer, address: string, asked: readonly string[]): Promise<Proxy> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.listen(0, address);
  await once(server, 'listening');
  const at = server.address();
  if (at === null || typeof at === 'string') throw new Error('no port');
  return {
    port: at.port,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
