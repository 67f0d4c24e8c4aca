import { isBulkheadError } from '../../common/errors/bulkhead-error.js';
import { type Takeover, takeoverOf } from '../takeover.js';
import { withoutVersion } from '../engine-path.js';
import { operationOf } from '../operations.js';
import { bodyReader } from './body-reader.js';
import { HeadReader } from './head-reader.js';
import { parseRequestHead, type RequestHead } from './request-head.js';

export interface WholeRequest {
  readonly request: RequestHead;
  readonly content: Buffer;
  /** How many bytes were behind it. */
  readonly left: number;
}

/** Reads one request, head and body, out of bytes cut at these places; `undefined` when it does not end. */
export function readWhole(bytes: Buffer, cuts: readonly number[] = []): WholeRequest | undefined {
  const edges = [0, ...cuts, bytes.length];
  const pieces = edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
  const head = new HeadReader();
  let end: number | undefined;
  let at = 0;
  for (const piece of pieces) {
    end = head.push(piece);
    at += end ?? piece.length;
    if (end !== undefined) break;
  }
  if (end === undefined) return undefined;
  const request = parseRequestHead(head.lines());
  takeoverIfKnown(request);
  const content: Buffer[] = [];
  const reader = bodyReader(request.framing ?? { length: 0 });
  const later = [at, ...cuts.filter((cut) => cut > at), bytes.length];
  for (const [index, start] of later.slice(0, -1).entries()) {
    if (reader.done) break;
    const part = reader.push(bytes.subarray(start, later[index + 1]));
    content.push(...part.content);
    at += part.consumed;
  }
  return reader.done ? { request, content: Buffer.concat(content), left: bytes.length - at } : undefined;
}

/** `undefined` as well where the endpoint is none: what a request is for is not what is tried here. */
export function takeoverIfKnown(request: RequestHead): Takeover | undefined {
  try {
    return takeoverOf(request, operationOf(request.method, withoutVersion(request.path)));
  } catch (error) {
    if (isBulkheadError(error) && error.code === 'BH_GATE_UNKNOWN_ENDPOINT') return undefined;
    throw error;
  }
}
