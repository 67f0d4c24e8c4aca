import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemExec } from '../../common/exec.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { dockerCommand, dockerEnvironment } from './docker-command.js';

/** What the Docker CLI would have had the engine create. */
export interface RecordedCreate {
  readonly create: string;
  readonly platform?: string;
}

export interface RecordOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of the real engine. */
  readonly engineSocket: string;
  readonly signal: AbortSignal;
}

/** Bytes; the engine's own limit for what its authorization plug-ins see. */
const largestBody = 1 << 20;

/**
 * Runs the person's own Docker CLI against a socket of ours that passes on questions (GET, HEAD) and refuses everything
 * else, so that nothing is made, pulled or started. Docker's flags are thus read by Docker alone, of whatever version.
 *
 * Throws `BH_EXPLAIN_COMMAND`, or `BH_EXPLAIN_NOT_CREATED` with what the CLI said.
 */
export async function recordCreate(
  words: readonly string[],
  { env, engineSocket, signal }: RecordOptions,
): Promise<RecordedCreate> {
  const [file, ...args] = dockerCommand(words);
  // Private by its mode: whoever else could connect would be heard as this command.
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-explain-'));
  const socket = join(dir, 'docker.sock');
  let recorded: RecordedCreate | undefined;
  const server = createServer((incoming, response) => {
    answer(incoming, response, engineSocket)
      .then((found) => (recorded ??= found))
      .catch(() => response.destroy());
  });
  try {
    server.listen(socket);
    await once(server, 'listening');
    const { stderr } = await systemExec.run(file, args, { env: dockerEnvironment(env, socket), signal });
    if (recorded !== undefined) return recorded;
    throw new BulkheadError('BH_EXPLAIN_NOT_CREATED', { reason: stderr.trim() });
  } finally {
    server.close();
    server.closeAllConnections();
    await rm(dir, { recursive: true, force: true });
  }
}

async function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  engineSocket: string,
): Promise<RecordedCreate | undefined> {
  const { method = '', url = '' } = incoming;
  if (method === 'GET' || method === 'HEAD') {
    passOn(incoming, response, engineSocket);
    return undefined;
  }
  const target = new URL(url, 'http://engine');
  const creates = method === 'POST' && /^(\/v[\d.]+)?\/containers\/create$/.test(target.pathname);
  const body = creates ? await readBody(incoming) : undefined;
  response.writeHead(403, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify({ message: 'bulkhead explain makes nothing' }));
  if (body === undefined) return undefined;
  const platform = target.searchParams.get('platform');
  return { create: body, ...(platform === null || platform === '' ? {} : { platform }) };
}

function passOn(incoming: IncomingMessage, response: ServerResponse, socketPath: string): void {
  const { method, url: path, headers } = incoming;
  const onward = request({ socketPath, method, path, headers, agent: false }, (answered) => {
    response.writeHead(answered.statusCode ?? 502, answered.headers);
    answered.pipe(response);
  });
  onward.once('error', () => response.destroy());
  response.once('close', () => onward.destroy());
  onward.end();
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestBody) throw new Error('the request is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
