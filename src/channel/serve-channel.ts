import { once } from 'node:events';
import {
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import { largestShareChange } from '../common/share-change.js';
import { largestSignInQuestion } from '../common/sign-in.js';
import { abortableStream } from './abortable-stream.js';
import type { ChannelHandlers, ServedChannel } from './channel.js';
import { greetHost } from './handshake.js';
import { serverOptions } from './http2-settings.js';
import { readDocument } from './json-document.js';
import { parseRoute, type Route } from './routes.js';
import { type LivenessOptions, SessionLife } from './session-life.js';

export interface ServeOptions extends LivenessOptions {
  /** Aborts the wait for a host, not the session. */
  readonly signal?: AbortSignal;
  /** Told of a handler's failure; the host gets status 500. */
  readonly onError?: (request: string, error: unknown) => void;
}

/**
 * Waits on a byte stream for a host's greeting, however long that takes, then serves one HTTP/2 session. The
 * stream belongs to the session from now on and is destroyed with it, or at once when the handshake fails.
 *
 * Throws BH_CHANNEL_VERSION, BH_CHANNEL_CLOSED, or the signal's reason.
 */
export async function serveChannel(
  stream: Duplex,
  handlers: ChannelHandlers,
  options: ServeOptions,
): Promise<ServedChannel> {
  stream.on('error', () => undefined);
  const { clock, signal } = options;
  try {
    await greetHost(stream, signal === undefined ? { clock } : { clock, signal });
  } catch (error) {
    // Ended and not destroyed: a host of another version is to read our line.
    stream.end(() => stream.destroy());
    throw error;
  }
  const createSession = (): ServerHttp2Session => {
    const session = performServerHandshake(stream, serverOptions);
    session.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      answerRequest(abortableStream(stream), headers, handlers, options);
    });
    return session;
  };
  const { life } = await SessionLife.begin(stream, createSession, options);
  return { closed: life.closed, close: () => life.close() };
}

function answerRequest(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  handlers: ChannelHandlers,
  options: ServeOptions,
): void {
  const method = headers[':method'] ?? '';
  const target = headers[':path'] ?? '';
  serve(stream, parseRoute(method, target), handlers).catch((error: unknown) => {
    options.onError?.(`${method} ${target}`, error);
    if (stream.headersSent) stream.destroy();
    else if (!stream.closed) stream.respond({ ':status': 500 }, { endStream: true });
  });
}

async function serve(
  stream: ServerHttp2Stream,
  route: Route | { readonly status: number },
  handlers: ChannelHandlers,
): Promise<void> {
  if ('status' in route) return refuse(stream, route.status);
  switch (route.name) {
    case 'engine':
      return handlers.engine(accepted(stream));
    case 'ports':
      return handlers.ports(accepted(stream));
    case 'ssh-agent':
      return handlers.sshAgent(accepted(stream));
    case 'egress':
      return handlers.egress(accepted(stream));
    case 'egress-relay':
      return handlers.egressRelay(accepted(stream));
    case 'status':
      return answer(stream, JSON.stringify(await handlers.status()));
    case 'explain':
      return await answerQuestion(stream, undefined, (question) => handlers.explain(question));
    case 'sign-in':
      return await answerQuestion(stream, largestSignInQuestion, (question) => handlers.signIn(question));
    case 'shares':
      return await answerQuestion(stream, largestShareChange, (change) => handlers.changeShares(change));
    case 'sign-out':
      return answer(stream, JSON.stringify(await handlers.signOut()));
    case 'trim':
      return answer(stream, JSON.stringify(await handlers.trim()));
    case 'logs':
      return await sendLines(stream, (signal) => handlers.logs(route.query, signal));
    case 'audit':
      return await sendLines(stream, (signal) => handlers.audit(route.query, signal));
    case 'power-off':
      stream.respond({ ':status': 202 }, { endStream: true });
      return await handlers.powerOff();
  }
}

/** @param most bytes the question may have. */
async function answerQuestion(
  stream: ServerHttp2Stream,
  most: number | undefined,
  ask: (question: unknown) => Promise<unknown>,
): Promise<void> {
  const question = await readDocument(stream, most);
  if (question === undefined) return refuse(stream, 400);
  answer(stream, JSON.stringify(await ask(question)));
}

/** A stream whose two directions belong to a handler. */
function accepted(stream: ServerHttp2Stream): Duplex {
  stream.respond({ ':status': 200 });
  // Node resets a stream that ends before anything was read from it, half-closed or not.
  stream.read(0);
  return stream;
}

function refuse(stream: ServerHttp2Stream, status: number): void {
  stream.resume();
  stream.respond({ ':status': status }, { endStream: true });
}

function answer(stream: ServerHttp2Stream, document: string): void {
  if (stream.closed) return;
  stream.respond({ ':status': 200, 'content-type': 'application/json' });
  stream.end(document);
}

async function sendLines(
  stream: ServerHttp2Stream,
  read: (signal: AbortSignal) => AsyncIterable<string>,
): Promise<void> {
  const gone = new AbortController();
  stream.on('close', () => gone.abort());
  stream.respond({ ':status': 200, 'content-type': 'application/jsonl' });
  try {
    for await (const line of read(gone.signal)) {
      if (!stream.write(`${line}\n`)) await once(stream, 'drain', { signal: gone.signal });
    }
    stream.end();
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  }
}
