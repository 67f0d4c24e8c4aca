import { type Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { answerOf } from '../answer-of.js';
import { discard } from './discard.js';
import type { Decided, Exchange } from './exchange.js';
import type { Field, Message } from './read-message.js';

/** Of manifests, by which an answer would not be all of it, or not as it is. */
const partial = /^(?:range|if-.*|accept-encoding)$/;

export interface Asking {
  readonly agent: Agent;
  /** Milliseconds without a byte either way. */
  readonly silent: number;
}

/**
 * Writes a request anew to its registry, and waits for the answer. What the client sends goes on being passed. A connection that was kept and has ended meanwhile is nobody's
 * fault: what has no body is asked again.
 */
export async function askRegistry(
  decided: Decided,
  exchange: Exchange,
  { agent, silent }: Asking,
): Promise<IncomingMessage> {
  for (let attempt = 0; ; attempt += 1) {
    const asked = begin(decided, { agent, silent });
    try {
      return await answerTo(asked, decided, exchange);
    } catch (error) {
      asked.destroy();
      if (!asked.reusedSocket || attempt > 2 || !isWithoutBody(decided)) throw error;
    }
  }
}

function begin({ place, message, operation }: Decided, { agent, silent }: Asking): ClientRequest {
  const isManifest = operation.kind === 'manifest' && operation.access === 'pull';
  const fields = isManifest
    ? [...message.fields.filter(([name]) => !partial.test(name)), ['accept-encoding', 'identity'] as const]
    : message.fields;
  return requestHttp({
    agent,
    // An agent's own is for connections that rest: of one that it has not opened itself it says nothing.
    timeout: silent,
    method: message.method,
    host: place.host.text,
    port: place.port,
    path: message.target,
    setHost: false,
    headers: [['host', message.host] as const, ...fields, ...framingFields(message)].flat(),
  });
}

function framingFields({ method, framing }: Message): Field[] {
  if (framing === 'chunked') return [['transfer-encoding', 'chunked']];
  const isSaid = framing.length > 0 || !['GET', 'HEAD', 'DELETE'].includes(method);
  return isSaid ? [['content-length', String(framing.length)]] : [];
}

function isWithoutBody({ message: { framing }, form }: Decided): boolean {
  return form !== undefined || (framing !== 'chunked' && framing.length === 0);
}

async function answerTo(
  asked: ClientRequest,
  decided: Decided,
  { request, response }: Exchange,
): Promise<IncomingMessage> {
  const answered = answerOf(asked);
  const given = (): void => void asked.destroy(new Error('the client has gone'));
  response.once('close', given);
  asked.once('timeout', () => asked.destroy(new Error('it does not answer')));
  if (isWithoutBody(decided)) asked.end(decided.form);
  else {
    if (request.headers.expect !== undefined) response.writeContinue();
    request.pipe(asked);
  }
  try {
    const answer = await answered;
    // Threat: who goes away time and again, from what is read whole and never ends. So it counts until the answer has been read.
    answer.once('close', () => {
      response.off('close', given);
      // Of a request that was not taken to its end its connection has the rest before it.
      asked.destroy();
    });
    return answer;
  } catch (error) {
    response.off('close', given);
    throw error;
  } finally {
    if (!request.complete) {
      request.unpipe(asked);
      discard(request);
    }
  }
}
