import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { type HostName, parseAddress, parseAuthority } from '../../common/authority.js';
import type { Endpoint } from '../relay-wire.js';
import type { BootAuthority } from './boot-authority.js';
import { DialledAgents } from './dialled-agent.js';
import { readGreeting } from './greeting.js';
import { noTls } from './no-tls.js';
import { type Place, usualPort } from './place.js';
import { type Reach, reachRegistry } from './reach-registry.js';
import { RequestServer, type RequestServerOptions } from './request-server.js';

export interface EngineTrafficOptions extends Omit<RequestServerOptions, 'agentFor' | 'between'> {
  readonly authority: BootAuthority;
  readonly reach: Reach;
}

/** Milliseconds until a connection has said whom it is for. */
const patience = 30_000;

interface Connection {
  readonly to: Endpoint;
  readonly scheme: Place['scheme'];
  /** Of TLS: by SNI, or by the address where there is none. */
  readonly named: HostName | undefined;
}

/**
 * The registry every connection of the engine's ends at: speaks for whoever it is to, and has its requests read.
 */
export class EngineTraffic {
  readonly #options: EngineTrafficOptions;
  readonly #agents: DialledAgents;
  readonly #requests: RequestServer;

  constructor(options: EngineTrafficOptions) {
    this.#options = options;
    this.#agents = new DialledAgents((place) => reachRegistry(place, options.reach));
    this.#requests = new RequestServer({ ...options, agentFor: (place) => this.#agents.agentFor(place) });
  }

  /** Takes a connection over, of which nothing is read yet; it ends here. */
  serve(stream: Socket, to: Endpoint): void {
    stream.on('error', ignore);
    const late = setTimeout(() => stream.destroy(), patience);
    stream.once('close', () => clearTimeout(late));
    const greeted = (ready: Duplex, connection: Connection): void => {
      clearTimeout(late);
      this.#requests.serve(ready, (request) => placeOf(connection, request));
    };
    void this.#greet(stream, to, greeted).catch(() => void stream.destroy());
  }

  end(): void {
    this.#agents.end();
    this.#requests.end();
  }

  async #greet(
    stream: Socket,
    to: Endpoint,
    greeted: (ready: Duplex, connection: Connection) => void,
  ): Promise<void> {
    const greeting = await readGreeting(stream);
    if (greeting === undefined) {
      stream.destroy();
      return;
    }
    if (greeting.protocol === 'http') {
      greeted(stream, { to, scheme: 'http', named: undefined });
      return;
    }
    const named = greeting.name ?? addressOf(to);
    const place: Place = { scheme: 'https', host: named, port: to.port };
    const { authority, reach } = this.#options;
    if (reach.isInsecure(place) && !(await this.#agents.agentFor(place).isReached())) {
      stream.end(noTls);
      return;
    }
    const secure = new TLSSocket(stream, {
      isServer: true,
      secureContext: authority.contextFor(named),
      ALPNProtocols: ['http/1.1'],
    });
    secure.on('error', () => stream.destroy());
    secure.on('_tlsError', () => stream.destroy());
    secure.once('secure', () => greeted(secure, { to, scheme: 'https', named }));
  }
}

/** Of plain HTTP by the Host of each request; which must be the address where that is what it names. */
function placeOf({ to, scheme, named }: Connection, { headers }: IncomingMessage): Place {
  const host = named ?? addressOf(to);
  if (scheme === 'https') return { scheme, host, port: to.port };
  const said = parseAuthority(headers.host ?? '');
  const isOther =
    said !== undefined && said.host.kind === 'name' && (said.port ?? usualPort(scheme)) === to.port;
  return { scheme, host: isOther ? said.host : host, port: to.port };
}

function addressOf({ address }: Endpoint): HostName {
  return parseAddress(address) ?? { kind: 'name', text: 'unknown.invalid' };
}

function ignore(): void {}
