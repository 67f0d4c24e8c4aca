import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { type HostName, parseAddress, parseAuthority, parseHost } from '../../common/authority.js';
import { codeOf, messageOf } from '../../common/cause.js';
import { BulkheadError, isBulkheadError } from '../../common/errors/bulkhead-error.js';
import type { RegistryOperation } from '../registry-requests/operation.js';
import type { Endpoint } from '../relay-wire.js';
import { askRegistry } from './ask-registry.js';
import type { BootAuthority } from './boot-authority.js';
import { type Decided, decideExchange, type Deciding, type Exchange } from './exchange.js';
import { passAnswer } from './pass-answer.js';
import { type Place, placeText, usualPort } from './place.js';
import { type Reach, RegistryAgents, Untrusted } from './registry-agent.js';
import { registryError } from './registry-error.js';

/** What was decided about a request, for the log. Of its target only what was understood: the rest may be a password. */
export interface EngineDecision {
  readonly place: Place;
  readonly method: string;
  /** Undefined where it was refused before it was read. */
  readonly operation: RegistryOperation | undefined;
  /** Why not. */
  readonly refusal: BulkheadError | undefined;
}

export interface EngineTrafficOptions extends Deciding {
  readonly authority: BootAuthority;
  readonly reach: Reach;
  readonly onDecision: (decision: EngineDecision) => void;
}

/** How the engine has connected. */
export interface Arrival {
  readonly to: Endpoint;
  readonly protocol: 'tls' | 'http';
}

/** Milliseconds: until a connection has said whom it is for, and between two requests of it. */
const patience = { greeting: 30_000, between: 90_000 } as const;
/** Requests of a connection that wait for the one before them. */
const mostWaiting = 16;
const longestHead = 64 * 1024;

interface Connection {
  readonly to: Endpoint;
  readonly scheme: Place['scheme'];
  /** By SNI. */
  named: HostName | undefined;
  waiting: number;
  last: Promise<void>;
}

/**
 * The registry every connection of the engine's ends at: reads its requests, decides each, and asks the real registry for what is allowed.
 */
export class EngineTraffic {
  readonly #options: EngineTrafficOptions;
  readonly #agents: RegistryAgents;
  readonly #server: Server;
  readonly #connections = new WeakMap<object, Connection>();

  constructor(options: EngineTrafficOptions) {
    this.#options = options;
    this.#agents = new RegistryAgents(options.reach);
    this.#server = createServer({
      maxHeaderSize: longestHead,
      insecureHTTPParser: false,
      requireHostHeader: false,
      requestTimeout: 0,
      keepAliveTimeout: patience.between,
      noDelay: true,
    });
    const take = (request: IncomingMessage, response: ServerResponse): void => {
      this.#take(request, response);
    };
    for (const event of ['request', 'checkContinue', 'checkExpectation']) this.#server.on(event, take);
    this.#server.on('clientError', (_error, socket) => answerBare(socket));
  }

  /** Takes a connection over; it ends here. */
  serve(stream: Socket, { to, protocol }: Arrival): void {
    const scheme = protocol === 'tls' ? 'https' : 'http';
    const connection: Connection = { to, scheme, named: undefined, waiting: 0, last: Promise.resolve() };
    stream.on('error', ignore);
    const late = setTimeout(() => stream.destroy(), patience.greeting);
    stream.once('close', () => clearTimeout(late));
    const greeted = (ready: Duplex): void => {
      clearTimeout(late);
      this.#connections.set(ready, connection);
      this.#server.emit('connection', ready);
    };
    if (protocol === 'http') greeted(stream);
    else this.#greet(stream, connection, greeted);
  }

  end(): void {
    this.#agents.end();
    this.#server.closeAllConnections();
  }

  #greet(stream: Socket, connection: Connection, greeted: (stream: Duplex) => void): void {
    const { authority } = this.#options;
    // Without a name, as clients ask that have an address alone.
    const address = parseAddress(connection.to.address);
    const secure = new TLSSocket(stream, {
      isServer: true,
      ...(address === undefined ? {} : { secureContext: authority.contextFor(address) }),
      ALPNProtocols: ['http/1.1'],
      SNICallback: (name, done) => {
        const host = parseHost(name);
        connection.named = host?.kind === 'name' ? host : undefined;
        if (connection.named === undefined) done(new Error('its SNI is no name'));
        else done(null, authority.contextFor(connection.named));
      },
    });
    secure.on('error', () => stream.destroy());
    secure.on('_tlsError', () => stream.destroy());
    secure.once('secure', () => greeted(secure));
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(request.socket);
    if (connection === undefined || connection.waiting >= mostWaiting) {
      request.socket.destroy();
      return;
    }
    connection.waiting += 1;
    connection.last = connection.last
      .then(async () => this.#carryOut(connection, request, response))
      .catch(() => void request.socket.destroy())
      .finally(() => {
        connection.waiting -= 1;
      });
  }

  async #carryOut(connection: Connection, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (response.destroyed) return;
    const place = placeOf(connection, request);
    const exchange: Exchange = { place, request, response };
    let decided: Decided | undefined;
    try {
      decided = await decideExchange(exchange, this.#options);
      this.#tell(place, request, decided.operation, undefined);
      const answer = await askRegistry(decided, exchange, this.#agents.agentFor(place));
      try {
        await passAnswer(answer, decided, exchange, this.#options);
      } catch (error) {
        answer.destroy();
        throw error;
      }
    } catch (error) {
      if (response.headersSent || response.destroyed) throw error;
      if (error instanceof Untrusted && this.#agents.isInsecure(place)) throw error;
      const shown = isBulkheadError(error) ? error : unreached(place, error);
      if (isBulkheadError(error)) this.#tell(place, request, decided?.operation, error);
      answerError(exchange, shown);
    }
  }

  #tell(
    place: Place,
    { method = '' }: IncomingMessage,
    operation: RegistryOperation | undefined,
    refusal: BulkheadError | undefined,
  ): void {
    this.#options.onDecision({ place, method, operation, refusal });
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

function unreached(place: Place, error: unknown): BulkheadError {
  const cause = error instanceof Untrusted ? error.cause : error;
  const code = codeOf(cause);
  const reason = typeof code === 'string' ? `${messageOf(cause)} (${code})` : messageOf(cause);
  return new BulkheadError('BH_REGISTRY_UNREACHED', { host: placeText(place), reason }, { cause: error });
}

function answerError({ request, response }: Exchange, error: BulkheadError): void {
  const { status, reason, body } = registryError(error);
  const fields = { 'content-type': 'application/json', 'content-length': body.length };
  response.writeHead(status, reason, fields);
  response.end(body);
  // An upload that nobody wants: the answer is read only if what is sent is taken.
  if (!request.complete) request.resume();
}

/** What is no request has no answer that would be one to it. */
function answerBare(socket: Duplex): void {
  if (socket.writable)
    socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  else socket.destroy();
}

function ignore(): void {}
