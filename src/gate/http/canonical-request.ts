import type { RequestHead } from './request-head.js';
import type { Takeover } from '../takeover.js';

/**
 * A request head as the engine gets it: written from what was understood, not from what was sent.
 *
 * A request that may end in a takeover says `Connection: close`: should the engine not take the connection over, it reads no
 * other request from it, whatever the gate makes of its answer. So there is no answer by which bytes meant for a terminal,
 * which nobody judges, could become a request.
 *
 * @param framing of what will follow; that of the request, or of a body written anew.
 */
export function canonicalRequest(
  { method, path, query, fields, close, expectsContinue }: Omit<RequestHead, 'framing'>,
  framing: RequestHead['framing'],
  takeover: Takeover | undefined,
): string {
  const lines = [
    `${method} ${encodePath(path)}${query === undefined ? '' : `?${query}`} HTTP/1.1`,
    'host: docker',
    ...fields.map(([name, value]) => `${name}: ${value}`),
  ];
  if (framing === 'chunked') lines.push('transfer-encoding: chunked');
  else if (framing !== undefined) lines.push(`content-length: ${framing.length}`);
  if (expectsContinue) lines.push('expect: 100-continue');
  if (takeover?.upgrade !== undefined)
    lines.push('connection: close, upgrade', `upgrade: ${takeover.upgrade}`);
  else if (takeover !== undefined || close) lines.push('connection: close');
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** One spelling for one path. Colons and at signs, of image names, stay readable in the engine's log. */
function encodePath(path: string): string {
  return path
    .split('/')
    .map((segment) => encodeURIComponent(segment).replaceAll('%3A', ':').replaceAll('%40', '@'))
    .join('/');
}

/** Pieces of content as one chunk (RFC 9112 section 7.1). */
export function encodeChunk(content: readonly Buffer[]): Buffer[] {
  const length = content.reduce((sum, { length }) => sum + length, 0);
  if (length === 0) return [];
  return [Buffer.from(`${length.toString(16)}\r\n`), ...content, Buffer.from('\r\n')];
}

/** The end of a chunked body, without trailers. */
export const lastChunk = Buffer.from('0\r\n\r\n');
