import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Caller } from '../../gate/caller.js';
import { checkApiVersion } from '../../gate/api-version.js';
import { decideHead } from '../../gate/decide-request.js';
import { withoutVersion } from '../../gate/engine-path.js';
import { bodyReader } from '../../gate/http/body-reader.js';
import { canonicalRequest, encodeChunk, lastChunk } from '../../gate/http/canonical-request.js';
import { HeadReader } from '../../gate/http/head-reader.js';
import { parseRequestHead, type RequestHead, requestIdHeader } from '../../gate/http/request-head.js';
import { operationOf } from '../../gate/operations.js';
import { bodyRewriteOf, longestBody } from '../../gate/rewrite-body.js';
import { takeoverOf } from '../../gate/takeover.js';
import type { BodyClaim } from './body-budget.js';
import { type ByteSource, ConnectionCut, writeAll } from './byte-source.js';
import { GrowingBuffer } from './growing-buffer.js';
import type { Exchange, GateHooks, Peer } from './exchange.js';
import { type Direction, passPieces } from './hand-over.js';

const continueAnswer = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n');

/**
 * Reads the head of the next request; `undefined` when the client has ended instead. Rejects with a `BH_GATE_…` refusal or
 * ConnectionCut.
 */
export async function readRequest(source: ByteSource): Promise<RequestHead | undefined> {
  const head = new HeadReader();
  for (;;) {
    const piece = await source.next();
    if (piece === undefined) {
      if (head.started) throw new ConnectionCut();
      return undefined;
    }
    const end = head.push(piece);
    if (end === undefined) continue;
    source.putBack(piece.subarray(end));
    return parseRequestHead(head.lines());
  }
}

/** What a request is for. Throws a `BH_GATE_…` refusal for what the engine does not have, or the gate does not know. */
export function exchangeOf(request: RequestHead, caller: Caller, id: string): Exchange {
  const path = withoutVersion(request.path);
  const operation = operationOf(request.method, path);
  checkApiVersion(request.path);
  return { id, caller, request, path, operation, takeover: takeoverOf(request, operation) };
}

/** What the gate decides by itself before there is a body. Throws a `BH_GATE_…` refusal. */
export function judgeHead({ request: { query }, path, operation }: Exchange): void {
  decideHead(operation, path, query);
}

/**
 * Writes a request and its body, read on meanwhile, to the engine. One that can't be read to its end is left unfinished, so
 * that the engine never takes it for a whole one. Rejects with a `BH_GATE_…` refusal or ConnectionCut.
 */
export async function sendRequest(exchange: Exchange, direction: Direction, hooks: GateHooks): Promise<void> {
  const { from: client, to: engine } = direction;
  const { operation, takeover } = exchange;
  const request = withRequestId(exchange);
  const rewrite = bodyRewriteOf(operation.id);
  if (rewrite !== undefined) {
    using memory = hooks.bodies.claim(exchange.caller);
    const sent = await readBody(request, client, memory);
    memory.parsed(sent);
    const body = await rewrite(sent, {
      policy: hooks.policy,
      idOf: hooks.containerId,
      judge: (parsed) => {
        hooks.witness.body(exchange, parsed.folded);
        return hooks.judgeBody(exchange, parsed);
      },
    });
    const anew = { ...request, expectsContinue: false };
    const framing = request.framing === undefined ? undefined : { length: body.length };
    const head = canonicalRequest(anew, framing, takeover);
    hooks.witness.passed(exchange.id);
    await writeAll(engine.stream, [Buffer.from(head), body]);
    return;
  }
  const head = canonicalRequest(request, request.framing, takeover);
  hooks.witness.passed(exchange.id);
  await writeAll(engine.stream, [Buffer.from(head)]);
  await sendBody(request, direction);
}

async function sendBody({ framing }: RequestHead, direction: Direction): Promise<void> {
  if (framing === undefined) return;
  const [client, engine] = [direction.from.source, direction.to.stream];
  const reader = bodyReader(framing);
  const ownChunks = framing === 'chunked';
  const pass = async (piece: Buffer): Promise<void> => {
    const { content, consumed } = reader.push(piece);
    client.putBack(piece.subarray(consumed));
    await writeAll(engine, ownChunks ? encodeChunk(content) : content);
  };
  await passPieces(reader, direction, async () => nextOf(client), { pass, ownChunks });
  if (ownChunks) await writeAll(engine, [lastChunk]);
}

async function nextOf(source: ByteSource): Promise<Buffer> {
  const piece = await source.next();
  if (piece === undefined) throw new ConnectionCut();
  return piece;
}

/** For the second line of the gate; the client's own header of that name was left out. */
function withRequestId({ id, request }: Exchange): RequestHead {
  return { ...request, fields: [...request.fields, [requestIdHeader, id]] };
}

async function readBody(request: RequestHead, { stream, source }: Peer, memory: BodyClaim): Promise<Buffer> {
  const { framing, expectsContinue } = request;
  if (typeof framing === 'object') checkLength(framing.length);
  if (expectsContinue) await writeAll(stream, [continueAnswer]);
  const body = new GrowingBuffer();
  await eachContent(request, source, async (content) => {
    for (const piece of content) {
      checkLength(body.length + piece.length);
      memory.bytes(piece.length);
      body.add(piece);
    }
  });
  return body.bytes();
}

async function eachContent(
  { framing }: RequestHead,
  source: ByteSource,
  take: (content: readonly Buffer[]) => Promise<void>,
): Promise<void> {
  if (framing === undefined) return;
  const reader = bodyReader(framing);
  while (!reader.done) {
    const piece = await nextOf(source);
    const { content, consumed } = reader.push(piece);
    source.putBack(piece.subarray(consumed));
    await take(content);
  }
}

function checkLength(length: number): void {
  if (length > longestBody) throw new BulkheadError('BH_GATE_BODY', { reason: 'its body is over 4 MiB' });
}
