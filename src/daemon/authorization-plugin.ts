import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { dirname } from 'node:path';
import { z } from 'zod';
import { isBulkheadError } from '../common/errors/bulkhead-error.js';
import type { Logger } from '../common/log.js';
import { decideRequest } from '../gate/decide-request.js';
import type { GatePolicy } from '../gate/policy.js';
import { textOf } from '../gate/rewrite-body.js';

/** Where dockerd looks for a plugin of the name its configuration gives (`authorization-plugins`). */
export const authorizationSocket = '/run/docker/plugins/bulkhead.sock';

/** dockerd's authorization plugin API: it asks before each request, and takes silence or an error as no. */
const requestSchema = z.object({
  RequestMethod: z.string(),
  RequestUri: z.string(),
  RequestBody: z.string().optional(),
});

/**
 * Lets dockerd itself ask the gate's rules about every request, after it has read it: what is decided on is what is done, with no
 * second reading of HTTP in between. Must listen before dockerd validates its configuration, which it retries for 15 s.
 */
export function listenAuthorization(socketPath: string, policy: GatePolicy, log: Logger): Server {
  mkdirSync(dirname(socketPath), { recursive: true, mode: 0o700 });
  rmSync(socketPath, { force: true });
  const server = createServer((request, response) => {
    answer(request, policy, log).then(
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
  server.on('error', (error) => {
    log.error({ err: error }, 'authorization listener failed');
  });
  server.listen(socketPath);
  return server;
}

async function answer(request: IncomingMessage, policy: GatePolicy, log: Logger): Promise<object> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  switch (request.url ?? '') {
    case '/Plugin.Activate':
      return { Implements: ['authz'] };
    case '/AuthZPlugin.AuthZRes':
      return { Allow: true };
    case '/AuthZPlugin.AuthZReq':
      return decide(Buffer.concat(chunks).toString(), policy, log);
    default:
      throw new Error(`unknown call ${request.url ?? ''}`);
  }
}

function decide(text: string, policy: GatePolicy, log: Logger): object {
  const { RequestMethod: method, RequestUri: target, RequestBody } = requestSchema.parse(JSON.parse(text));
  try {
    const body = RequestBody === undefined ? undefined : textOf(Buffer.from(RequestBody, 'base64'));
    decideRequest({ method, target, body }, policy);
    return { Allow: true };
  } catch (error) {
    if (!isBulkheadError(error)) throw error;
    log.warn({ audit: 'request', method, target, code: error.code }, 'request refused');
    return { Allow: false, Msg: error.message };
  }
}
