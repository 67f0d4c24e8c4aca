import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { type HostName, parseAuthority } from '../../common/authority.js';
import { isOwnPort } from '../../common/own-ports.js';
import { DialledAgents } from '../../egress/engine-traffic/dialled-agent.js';
import { readGreeting } from '../../egress/engine-traffic/greeting.js';
import { noTls } from '../../egress/engine-traffic/no-tls.js';
import { type Place, usualPort } from '../../egress/engine-traffic/place.js';
import { RequestServer, type RequestServerOptions } from '../../egress/engine-traffic/request-server.js';
import { type OwnReach, reachOwn } from './reach-own.js';

export interface ReadOptions extends Omit<RequestServerOptions, 'agentFor' | 'between'> {
  /** Where it listens; at any port. */
  readonly address: string;
  readonly reach: OwnReach;
}

/** Who asks is dockerd or BuildKit, which keep a connection for each pull: so many are there at once; milliseconds until one has begun to speak, and between two requests. */
const most = { connections: 512, silent: 30_000, between: 10_000 } as const;
const scheme = 'http';
const nobody: HostName = { kind: 'name', text: 'unknown.invalid' };

/**
 * Reads what the engine asks itself for, decides each request as the gateway does, and asks whom it names. Where its connection led to before it came here nobody knows: so that is where its Host says, and no other place. There is no
 * TLS here, which is told, so that clients that may go without it do.
 */
export async function readAsked({ address, reach, ...deciding }: ReadOptions): Promise<Server> {
  const agents = new DialledAgents((place) => reachOwn(place, reach));
  const requests = new RequestServer({
    ...deciding,
    between: most.between,
    agentFor: (place) => agents.agentFor(place),
  });
  const begin = async (socket: Socket, late: NodeJS.Timeout): Promise<void> => {
    const greeting = await readGreeting(socket);
    if (greeting?.protocol === 'http') {
      clearTimeout(late);
      requests.serve(socket, placeOf);
    } else if (greeting === undefined) socket.destroy();
    else socket.end(noTls);
  };
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    // Threat: a request for the port this listens at, which it would ask itself for, again and again.
    if (isOwnPort(socket.remotePort ?? 0)) {
      socket.destroy();
      return;
    }
    const late = setTimeout(() => socket.destroy(), most.silent);
    socket.once('close', () => clearTimeout(late));
    void begin(socket, late).catch(() => void socket.destroy());
  });
  server.maxConnections = most.connections;
  server.listen({ host: address, port: 0 });
  await once(server, 'listening');
  return server;
}

function placeOf({ headers }: IncomingMessage): Place {
  const { host = nobody, port = usualPort(scheme) } = parseAuthority(headers.host ?? '') ?? {};
  return { scheme, host, port };
}
