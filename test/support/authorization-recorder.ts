import { once } from 'node:events';
import { rename } from 'node:fs/promises';
import { createServer, request, type IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { EngineInternals } from './engine-internals.ts';

/** One request as dockerd has read it: what it asks its authorization plugin about before it serves anything. */
export interface AskedRequest {
  readonly method: string;
  readonly target: string;
  /** Of a JSON body alone. */
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export interface AuthorizationRecorder extends AsyncDisposable {
  /** What dockerd has asked since the last call. */
  readonly taken: () => AskedRequest[];
}

const schema = z.object({
  RequestMethod: z.string(),
  RequestUri: z.string(),
  RequestBody: z.base64().default(''),
  RequestHeaders: z.record(z.string(), z.string()).default({}),
});

/**
 * Stands between dockerd and bulkheadd's authorization plugin, whose answers it passes on. dockerd finds it by path, for each connection anew, and keeps those
 * it has, which bulkheadd never closes: so dockerd is started again.
 */
export async function recordAuthorization(engine: EngineInternals): Promise<AuthorizationRecorder> {
  const [socket, real] = [
    engine.path('/run/docker/plugins/bulkhead.sock'),
    engine.path('/run/docker/plugins/bulkheadd.sock'),
  ];
  let asked: AskedRequest[] = [];
  await rename(socket, real);
  const server = createServer((incoming, response) => {
    void pass(incoming).then(
      ({ status, body }) =>
        response.writeHead(status, { 'content-type': 'application/vnd.docker.plugins.v1+json' }).end(body),
      () => response.destroy(),
    );
  });
  async function pass(incoming: IncomingMessage): Promise<{ status: number; body: Buffer }> {
    const question = await read(incoming);
    if (incoming.url === '/AuthZPlugin.AuthZReq') {
      const { RequestMethod, RequestUri, RequestBody, RequestHeaders } = schema.parse(
        JSON.parse(String(question)),
      );
      const body = Buffer.from(RequestBody, 'base64');
      asked.push({ method: RequestMethod, target: RequestUri, body, headers: RequestHeaders });
    }
    const headers = { 'content-length': question.length };
    const forwarded = request({
      socketPath: real,
      method: 'POST',
      path: incoming.url,
      headers,
      agent: false,
    }).end(question);
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      forwarded.on('response', resolve).on('error', reject);
    });
    return { status: answer.statusCode ?? 500, body: await read(answer) };
  }
  server.keepAliveTimeout = 0;
  server.listen(socket);
  await once(server, 'listening');
  await engine.replace('dockerd');
  return {
    taken() {
      const all = asked;
      asked = [];
      return all;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      // Which takes the name away as well: only then may the plugin have it back.
      await new Promise((resolve) => server.close(resolve));
      await rename(real, socket);
    },
  };
}

async function read(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
