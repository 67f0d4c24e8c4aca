import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { type HostName, parseAddress, parseAuthority } from '../../common/authority.js';
import { codeOf, messageOf } from '../../common/cause.js';
import { BulkheadError, isBulkheadError } from '../../common/errors/bulkhead-error.js';
import type { RegistryOperation } from '../registry-requests/operation.js';
import type { Endpoint } from '../relay-wire.js';
import { askRegistry } from './ask-registry.js';
import type { BootAuthority } from './boot-authority.js';
import { DeniedIndexes } from './denied-indexes.js';
import { discard } from './discard.js';
import { type Decided, decideExchange, type Deciding, type Exchange } from './exchange.js';
import { readGreeting } from './greeting.js';
import { noTls } from './no-tls.js';
import { judgeAnswer } from './pass-answer.js';
import { type Place, placeText, usualPort } from './place.js';
import { type Reach, RegistryAgents, Untrusted } from './registry-agent.js';
import { type RegistryError, registryError } from './registry-error.js';

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

/** Milliseconds: until a connection has said whom it is for, between two requests of it, and without a byte either way. */
const patience = { greeting: 30_000, between: 90_000, silent: 600_000 } as const;
/** Requests of a connection that wait for the one before them. */
const mostWaiting = 16;
const longestHead = 64 * 1024;

interface Connection {
  readonly to: Endpoint;
  readonly scheme: Place['scheme'];
  /** Of TLS: by SNI, or by the address where there is none. */
  readonly named: HostName | undefined;
  waiting: number;
  last: Promise<void>;
}

/**
 * The registry every connection of the engine's ends at: reads its requests, decides each, and asks the real registry for what is allowed.
 */
export class EngineTraffic {
  readonly #options: EngineTrafficOptions;
  readonly #agents: RegistryAgents;
  readonly #denied = new DeniedIndexes();
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
    this.#server.timeout = patience.silent;
    const take = (request: IncomingMessage, response: ServerResponse): void => {
      this.#take(request, response);
    };
    for (const event of ['request', 'checkContinue', 'checkExpectation']) this.#server.on(event, take);
    this.#server.on('clientError', (_error, socket) => answerBare(socket));
  }

  /** Takes a connection over, of which nothing is read yet; it ends here. */
  serve(stream: Socket, to: Endpoint): void {
    stream.on('error', ignore);
    const late = setTimeout(() => stream.destroy(), patience.greeting);
    stream.once('close', () => clearTimeout(late));
    const greeted = (ready: Duplex, connection: Connection): void => {
      clearTimeout(late);
      this.#connections.set(ready, connection);
      this.#server.emit('connection', ready);
    };
    void this.#greet(stream, to, greeted).catch(() => void stream.destroy());
  }

  end(): void {
    this.#agents.end();
    this.#server.closeAllConnections();
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
    const begun = { to, waiting: 0, last: Promise.resolve() };
    if (greeting.protocol === 'http') {
      greeted(stream, { ...begun, scheme: 'http', named: undefined });
      return;
    }
    const named = greeting.name ?? addressOf(to);
    const place: Place = { scheme: 'https', host: named, port: to.port };
    if (this.#agents.isInsecure(place) && !(await this.#agents.agentFor(place).isReached())) {
      stream.end(noTls);
      return;
    }
    const secure = new TLSSocket(stream, {
      isServer: true,
      secureContext: this.#options.authority.contextFor(named),
      ALPNProtocols: ['http/1.1'],
    });
    secure.on('error', () => stream.destroy());
    secure.on('_tlsError', () => stream.destroy());
    secure.once('secure', () => greeted(secure, { ...begun, scheme: 'https', named }));
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
    let isTold = false;
    // Once, and when it is known: a request whose answer is refused was not let through.
    const tell = (refusal?: BulkheadError): void => {
      if (!isTold) this.#tell(place, request, decided?.operation, refusal);
      isTold = true;
    };
    try {
      decided = await decideExchange(exchange, this.#options);
      const agent = this.#agents.agentFor(place);
      const answer = await askRegistry(decided, exchange, agent);
      try {
        const { known } = this.#options;
        if (answer.statusCode === 200)
          await this.#denied.hold(decided, known, async (other) => askRegistry(other, exchange, agent));
        const pass = await judgeAnswer(answer, decided, exchange, this.#options);
        tell();
        await pass();
      } catch (error) {
        answer.destroy();
        throw error;
      }
    } catch (error) {
      const refusal = isBulkheadError(error) ? error : undefined;
      // What was allowed has gone out, answered or not.
      if (decided !== undefined || refusal !== undefined) tell(refusal);
      if (response.headersSent || response.destroyed) throw error;
      const isPassing = refusal === undefined && !(error instanceof Untrusted);
      answerError(exchange, registryError(refusal ?? unreached(place, error), isPassing));
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

function answerError({ request, response }: Exchange, { status, reason, body }: RegistryError): void {
  const fields = { 'content-type': 'application/json', 'content-length': body.length };
  response.writeHead(status, reason, fields);
  response.end(body);
  discard(request);
}

/** What is no request has no answer that would be one to it. */
function answerBare(socket: Duplex): void {
  if (socket.writable)
    socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  else socket.destroy();
}

function ignore(): void {}
