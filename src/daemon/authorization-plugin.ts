import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { dirname } from 'node:path';
import { z } from 'zod';
import { addressed, isBulkheadError } from '../common/errors/bulkhead-error.js';
import type { Logger } from '../common/log.js';
import { decideRequest } from '../gate/decide-request.js';
import { requestIdHeader } from '../gate/http/request-head.js';
import type { GatePolicy } from '../gate/policy.js';
import { textOf } from '../gate/rewrite-body.js';

/** Where dockerd looks for a plugin of the name its configuration gives (`authorization-plugins`). */
export const authorizationSocket = '/run/docker/plugins/bulkhead.sock';

/** dockerd's authorization plugin API: it asks before each request, and takes silence or an error as no. */
const requestSchema = z.object({
  RequestMethod: z.string(),
  RequestUri: z.string(),
  RequestBody: z.string().optional(),
  RequestHeaders: z.record(z.string(), z.string()).nullish(),
});

const answerSchema = z.object({
  RequestHeaders: z.record(z.string(), z.string()).nullish(),
  ResponseBody: z.string().optional(),
});

/** Bytes; the answer to a request to make something is far shorter. */
const longestAnswer = 16_384;

/** What dockerd asks about: the request as it has read it. */
export interface EngineAsks {
  /** As the gate gave it; undefined for a request that did not come through the gate. */
  readonly id: string | undefined;
  readonly method: string;
  readonly target: string;
}

/** Is told of what dockerd asks; must not throw. */
export interface AuthorizationWitness {
  denied(asks: EngineAsks, error: unknown): void;
  /** A request was answered, in JSON. */
  made(id: string, body: string): void;
}

/**
 * Lets dockerd itself ask the gate's rules about every request, after it has read it: what is decided on is what is done, with no
 * second reading of HTTP in between. Must listen before dockerd validates its configuration, which it retries for 15 s.
 */
export function listenAuthorization(
  socketPath: string,
  policy: GatePolicy,
  witness: AuthorizationWitness,
  log: Logger,
): Server {
  mkdirSync(dirname(socketPath), { recursive: true, mode: 0o700 });
  rmSync(socketPath, { force: true });
  const server = createServer((request, response) => {
    answer(request, policy, witness).then(
      (body) => {
        response.setHeader('content-type', 'application/vnd.docker.plugins.v1+json');
        response.end(JSON.stringify(body));
      },
      (error: unknown) => {
        log.error({ err: error }, 'authorization failed');
        response.statusCode = 500;
        response.end(JSON.stringify({ Allow: false, Err: 'bulkheadd could not decide' }));
      },
    );
  });
  // dockerd keeps two connections and does not ask again on one that was closed as it asked: the request would be refused (500).
  server.keepAliveTimeout = 0;
  server.on('error', (error) => {
    log.error({ err: error }, 'authorization listener failed');
  });
  server.listen(socketPath);
  return server;
}

async function answer(
  request: IncomingMessage,
  policy: GatePolicy,
  witness: AuthorizationWitness,
): Promise<object> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  switch (request.url ?? '') {
    case '/Plugin.Activate':
      return { Implements: ['authz'] };
    case '/AuthZPlugin.AuthZRes':
      noteAnswer(chunks, witness);
      return { Allow: true };
    case '/AuthZPlugin.AuthZReq':
      return decide(Buffer.concat(chunks).toString(), policy, witness);
    default:
      throw new Error(`unknown call ${request.url ?? ''}`);
  }
}

function decide(text: string, policy: GatePolicy, witness: AuthorizationWitness): object {
  const { RequestMethod: method, RequestUri: target, ...rest } = requestSchema.parse(JSON.parse(text));
  const asks = { id: idOf(rest.RequestHeaders), method, target };
  try {
    const body = decodedText(rest.RequestBody);
    decideRequest({ method, target, body }, policy);
    return { Allow: true };
  } catch (error) {
    if (!isBulkheadError(error)) throw error;
    const refusal = addressed(error, policy.contact);
    witness.denied(asks, refusal);
    return { Allow: false, Msg: refusal.message };
  }
}

/** Only answers that may name what was made; dockerd hands on whole lists as well. */
function noteAnswer(chunks: readonly Buffer[], witness: AuthorizationWitness): void {
  const text = Buffer.concat(chunks);
  if (text.length > longestAnswer || !text.includes('/containers/create')) return;
  const { RequestHeaders, ResponseBody } = answerSchema.parse(JSON.parse(text.toString()));
  const id = idOf(RequestHeaders);
  if (id !== undefined) witness.made(id, decodedText(ResponseBody) ?? '');
}

/** dockerd hands bodies on in base64. Throws `BH_GATE_BODY` for what is no text. */
function decodedText(base64: string | undefined): string | undefined {
  return base64 === undefined ? undefined : textOf(Buffer.from(base64, 'base64'));
}

/** dockerd hands headers on with the names Go gives them. */
function idOf(headers: Readonly<Record<string, string>> | null | undefined): string | undefined {
  return Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === requestIdHeader)?.[1];
}
