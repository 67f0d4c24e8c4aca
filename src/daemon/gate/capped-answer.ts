import type { Duplex } from 'node:stream';
import { cappedVersion, cappedVersionBody } from '../../gate/capped-version.js';
import { bodyReader } from '../../gate/http/body-reader.js';
import { unreadable } from '../../gate/http/head-reader.js';
import type { ResponseHead } from '../../gate/http/response-head.js';
import { type ByteSource, ConnectionCut, writeAll } from './byte-source.js';

/** Bytes of an answer to GET /version; dockerd's has less than 2 KiB. */
const longest = 1 << 20;

/** The head of an answer, as it is unless it says a newer version of the API than clients may ask for. */
export function cappedHead(bytes: readonly Buffer[], { apiVersion }: ResponseHead): readonly Buffer[] {
  if (apiVersion === undefined || cappedVersion(apiVersion) === apiVersion) return bytes;
  return [withFields(bytes, { 'Api-Version': cappedVersion(apiVersion) })];
}

/** Passes on the answer to GET /version with what it says of versions capped. Rejects with ConnectionCut or `BH_GATE_HTTP`. */
export async function passCappedBody(
  { framing }: ResponseHead,
  head: readonly Buffer[],
  engine: ByteSource,
  client: Duplex,
): Promise<void> {
  const reader = bodyReader(framing);
  const content: Buffer[] = [];
  let length = 0;
  while (!reader.done) {
    const piece = await engine.next();
    if (piece === undefined) {
      if (framing === undefined) break;
      throw new ConnectionCut();
    }
    const part = reader.push(piece);
    engine.putBack(piece.subarray(part.consumed));
    content.push(...part.content);
    length += part.consumed;
    if (length > longest) throw unreadable('the answer to GET /version is too long');
  }
  const body = Buffer.from(cappedVersionBody(Buffer.concat(content).toString()));
  await writeAll(client, [
    withFields(head, { 'Transfer-Encoding': undefined, 'Content-Length': String(body.length) }),
    body,
  ]);
}

/** The head with these fields instead of those of the same names; undefined leaves a field out. */
function withFields(head: readonly Buffer[], fields: Readonly<Record<string, string | undefined>>): Buffer {
  const names = new Set(Object.keys(fields).map((name) => name.toLowerCase()));
  const lines = Buffer.concat(head).toString('latin1').slice(0, -4).split('\r\n');
  const kept = lines.filter(
    (line, index) => index === 0 || !names.has((line.split(':')[0] ?? '').toLowerCase()),
  );
  const added = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  );
  return Buffer.from(`${[...kept, ...added].join('\r\n')}\r\n\r\n`, 'latin1');
}
