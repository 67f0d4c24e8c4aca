import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { readLines } from '../../common/line-reader.js';

/** The few engine calls the daemon itself makes. The developer's calls never pass here. */
export interface EngineClient {
  /** GET /_ping. Waits as long as the engine takes to answer. */
  ping(signal?: AbortSignal): Promise<void>;
  imageExists(reference: string, signal?: AbortSignal): Promise<boolean>;
  /** Process id of a container's init as the engine sees it; undefined when it does not run or is not there. */
  runningPid(container: string, signal?: AbortSignal): Promise<number | undefined>;
  /** The full id of what the engine finds by a name, an id or the beginning of one; undefined when that is no container. */
  containerId(reference: string): Promise<string | undefined>;
  /** Every container the engine knows, running or not, with its state: created, running, paused, restarting, removing, exited or dead. */
  containers(signal?: AbortSignal): Promise<readonly { readonly Id: string; readonly State: string }[]>;
  /** POST /images/load of a docker-archive. */
  loadImage(archive: Readable, signal?: AbortSignal): Promise<void>;
  /** One call whose answer the caller judges; `body` is JSON text. */
  call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: string): Promise<EngineAnswer>;
  /** Resolves when the engine reports that it has read its configuration again. Subscribes before it resolves `ready`. */
  awaitReload(signal: AbortSignal): { readonly ready: Promise<void>; readonly reloaded: Promise<void> };
  /** GET /events: a line of JSON each, which may be cut short. Resolves once it is subscribed, with what resolves when the engine ends the stream or the signal aborts. */
  follow(
    filters: Readonly<Record<string, readonly string[]>>,
    onEvent: (line: string) => void,
    signal: AbortSignal,
  ): Promise<{ readonly ended: Promise<void> }>;
}

export interface EngineAnswer {
  readonly status: number;
  readonly body: string;
}
const inspectSchema = z.object({ State: z.object({ Running: z.boolean(), Pid: z.int().nonnegative() }) });

const idSchema = z.object({ Id: z.string() });

const listSchema = z.array(z.object({ Id: z.string(), State: z.string() }));

export function createEngineClient(socketPath: string): EngineClient {
  const send = (
    method: string,
    path: string,
    signal?: AbortSignal,
    headers: Record<string, string> = {},
  ): ClientRequest =>
    request({ socketPath, method, path, headers, agent: false, ...(signal === undefined ? {} : { signal }) });

  const get = async (path: string, signal?: AbortSignal): Promise<EngineAnswer> => {
    const call = send('GET', path, signal);
    const response = answer(call);
    call.end();
    return read(await response);
  };

  return {
    async ping(signal) {
      expectOk('/_ping', await get('/_ping', signal));
    },
    async imageExists(reference, signal) {
      const { status, body } = await get(`/images/${encodeURIComponent(reference)}/json`, signal);
      if (status === 404) return false;
      expectOk('/images/json', { status, body });
      return true;
    },
    async runningPid(container, signal) {
      const { status, body } = await get(`/containers/${encodeURIComponent(container)}/json`, signal);
      if (status === 404) return undefined;
      const { State } = inspectSchema.parse(JSON.parse(expectOk('/containers/json', { status, body })));
      return State.Running ? State.Pid : undefined;
    },
    async containerId(reference) {
      const { status, body } = await get(`/containers/${encodeURIComponent(reference)}/json`);
      return status === 200 ? idSchema.parse(JSON.parse(body)).Id : undefined;
    },
    async containers(signal) {
      const path = '/containers/json?all=1';
      return listSchema.parse(JSON.parse(expectOk(path, await get(path, signal))));
    },
    async loadImage(archive, signal) {
      const call = send('POST', '/images/load?quiet=1', signal, { 'content-type': 'application/x-tar' });
      const response = answer(call);
      await pipeline(archive, call);
      expectOk('/images/load', await read(await response));
    },
    async call(method, path, body) {
      const call = send(
        method,
        path,
        undefined,
        body === undefined ? {} : { 'content-type': 'application/json' },
      );
      const response = answer(call);
      call.end(body);
      return read(await response);
    },
    async follow(filters, onEvent, signal) {
      const path = `/events?filters=${encodeURIComponent(JSON.stringify(filters))}`;
      const call = send('GET', path, signal);
      const response = answer(call);
      call.end();
      const events = await response;
      if (events.statusCode !== 200) {
        events.destroy();
        throw new Error(`/events answered ${events.statusCode}`);
      }
      return { ended: readLines(events, onEvent) };
    },
    awaitReload(signal) {
      const filters = encodeURIComponent(JSON.stringify({ type: ['daemon'], event: ['reload'] }));
      const call = send('GET', `/events?filters=${filters}`, signal);
      const response = answer(call);
      call.end();
      return {
        ready: response.then(() => undefined),
        reloaded: response.then(async (events) => {
          for await (const _event of events) return;
          throw new Error('the engine ended the event stream');
        }),
      };
    },
  };
}

/**
 * What the engine answers to a GET, read by a schema; undefined where there is no such thing (404).
 *
 * Rejects on any other status, on an answer of another shape, and when the engine does not answer.
 */
export async function readEngine<Schema extends z.ZodType>(
  client: Pick<EngineClient, 'call'>,
  path: string,
  schema: Schema,
): Promise<z.infer<Schema> | undefined> {
  const answered = await client.call('GET', path);
  if (answered.status === 404) return undefined;
  return schema.parse(JSON.parse(expectOk(path, answered)));
}

async function answer(call: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    call.on('response', resolve);
    call.on('error', reject);
  });
}

async function read(response: IncomingMessage): Promise<EngineAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() };
}

function expectOk(path: string, { status, body }: EngineAnswer): string {
  if (status !== 200) throw new Error(`${path} answered ${status}: ${body.slice(0, 500)}`);
  return body;
}
