import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { hostText, parseAuthority } from '../../common/authority.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { noTls } from '../../egress/engine-traffic/no-tls.js';
import { registryError } from '../../egress/engine-traffic/registry-error.js';

export interface RefuseOptions {
  /** Where it listens; at any port. */
  readonly address: string;
  readonly contact: string;
  /** Told of each request, with where it was for. */
  readonly onRefused: (host: string, error: BulkheadError) => void;
}

/** Who asks is dockerd or BuildKit; a developer has them ask as often as they like. */
const most = { connections: 64, milliseconds: 10_000 } as const;

/** Answers, as a registry does, what the engine asks itself for and no rule opens. */
export async function refuseAsked({ address, contact, onRefused }: RefuseOptions): Promise<Server> {
  const server = createServer({ headersTimeout: most.milliseconds, requestTimeout: most.milliseconds });
  server.maxConnections = most.connections;
  server.timeout = most.milliseconds;
  server.on('request', ({ headers }, response) => {
    const asked = parseAuthority(headers.host ?? '');
    const port = asked?.port === undefined ? '' : `:${asked.port}`;
    const host = asked === undefined ? 'a port of the engine itself' : `${hostText(asked.host)}${port}`;
    const reason = 'it is on the engine itself, where no rule opens it';
    const error = new BulkheadError('BH_REGISTRY_ACCESS', { host, what: 'asking it', reason, contact });
    onRefused(host, error);
    const { status, reason: phrase, body } = registryError(error, false);
    response.writeHead(status, phrase, {
      'content-type': 'application/json',
      'content-length': body.length,
      connection: 'close',
    });
    response.end(body);
  });
  // Clients that begin with TLS try without it where this says so.
  server.on('clientError', (_error, socket: Duplex) => {
    if (socket.writable) socket.end(noTls);
    else socket.destroy();
  });
  server.listen({ host: address, port: 0 });
  await once(server, 'listening');
  return server;
}
