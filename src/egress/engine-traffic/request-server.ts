import { type Agent, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { codeOf, messageOf } from '../../common/cause.js';
import { BulkheadError, isBulkheadError } from '../../common/errors/bulkhead-error.js';
import type { RegistryOperation } from '../registry-requests/operation.js';
import { askRegistry } from './ask-registry.js';
import { DeniedIndexes } from './denied-indexes.js';
import { discard } from './discard.js';
import { type Decided, decideExchange, type Deciding, type Exchange } from './exchange.js';
import { judgeAnswer } from './pass-answer.js';
import { type Place, placeText } from './place.js';
import { type RegistryError, registryError } from './registry-error.js';
import { Untrusted } from './untrusted.js';

/** What was decided about a request, for the log. Of its target only what was understood: the rest may be a password. */
export interface EngineDecision {
  readonly place: Place;
  readonly method: string;
  /** Undefined where it was refused before it was read. */
  readonly operation: RegistryOperation | undefined;
  /** Why not. */
  readonly refusal: BulkheadError | undefined;
}

export interface RequestServerOptions extends Deciding {
  /** By which a registry is asked. */
  readonly agentFor: (place: Place) => Agent;
  /** Milliseconds between two requests of a connection. */
  readonly between?: number;
  /** Milliseconds a registry may say nothing. */
  readonly silent?: number;
  readonly onDecision: (decision: EngineDecision) => void;
}

/** Where a request of a connection leads. */
export type PlaceOf = (request: IncomingMessage) => Place;

/** Milliseconds, where nobody says otherwise: between two requests of a connection, and without a byte of the registry's, which is told before the client's connection is ended for it. */
const patience = { between: 90_000, silent: 570_000, ended: 600_000 } as const;
/** Requests of a connection that wait for the one before them. */
const mostWaiting = 16;
const longestHead = 64 * 1024;

interface Connection {
  readonly placeOf: PlaceOf;
  waiting: number;
  last: Promise<void>;
}

/** Reads the requests of connections in HTTP, decides each, and asks the real registry for what is allowed. */
export class RequestServer {
  readonly #options: RequestServerOptions;
  readonly #denied = new DeniedIndexes();
  readonly #server: Server;
  readonly #connections = new Map<Duplex, Connection>();

  constructor(options: RequestServerOptions) {
    this.#options = options;
    this.#server = createServer({
      maxHeaderSize: longestHead,
      insecureHTTPParser: false,
      requireHostHeader: false,
      requestTimeout: 0,
      keepAliveTimeout: options.between ?? patience.between,
      noDelay: true,
    });
    this.#server.timeout = patience.ended;
    const take = (request: IncomingMessage, response: ServerResponse): void => {
      this.#take(request, response);
    };
    for (const event of ['request', 'checkContinue', 'checkExpectation']) this.#server.on(event, take);
    this.#server.on('clientError', (_error, socket) => answerBare(socket));
  }

  /** Takes a connection over, which ends here; whoever has it still hears of its errors. */
  serve(stream: Duplex, placeOf: PlaceOf): void {
    if (stream.destroyed) return;
    this.#connections.set(stream, { placeOf, waiting: 0, last: Promise.resolve() });
    stream.once('close', () => this.#connections.delete(stream));
    this.#server.emit('connection', stream);
  }

  end(): void {
    // A server that does not listen keeps no list of them.
    for (const stream of this.#connections.keys()) stream.destroy();
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
    // Whatever is asked for its sake ends with it: of denied digests each.
    response.setMaxListeners(0);
    const place = connection.placeOf(request);
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
      const { agentFor, known, silent = patience.silent } = this.#options;
      const asking = { agent: agentFor(place), silent };
      const answer = await askRegistry(decided, exchange, asking);
      try {
        if (answer.statusCode === 200)
          await this.#denied.hold(decided, known, async (other) => askRegistry(other, exchange, asking));
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

function unreached(place: Place, error: unknown): BulkheadError {
  const isUntrusted = error instanceof Untrusted;
  const cause = isUntrusted ? error.cause : error;
  const code = codeOf(cause);
  const reason = typeof code === 'string' ? `${messageOf(cause)} (${code})` : messageOf(cause);
  return new BulkheadError(
    isUntrusted ? 'BH_REGISTRY_UNTRUSTED' : 'BH_REGISTRY_UNREACHED',
    { host: placeText(place), reason },
    { cause: error },
  );
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
