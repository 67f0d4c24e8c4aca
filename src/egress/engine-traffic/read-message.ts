import { hostText, parseAuthority } from '../../common/authority.js';
import { type Place, usualPort } from './place.js';

/** A request as Node's parser has it: fields by pairs, as they came. */
export interface RawMessage {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly rawHeaders: readonly string[];
}

export type Field = readonly [name: string, value: string];
/** How the end of a body is known. */
export type Framing = { readonly length: number } | 'chunked';

export interface Message {
  readonly method: string;
  /** A path and its query. */
  readonly target: string;
  /** The Host header, as it came: it means the place. */
  readonly host: string;
  /** End-to-end fields alone. */
  readonly fields: readonly Field[];
  readonly framing: Framing;
  readonly contentType: string | undefined;
}

export class UnreadableMessage extends Error {}

/** Said to the next reader alone (RFC 9110 section 7.6.1), and what is written anew. */
const notPassedOn: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
]);
/** What has one meaning, so that it may be said once. */
const single: ReadonlySet<string> = new Set([
  ...notPassedOn,
  'authorization',
  'content-encoding',
  'content-range',
  'content-type',
  'range',
]);
/** By which servers take a request for another one than its line and its Host say. */
const rewriting =
  /^(?:forwarded|x-host|x-(?:original|rewrite|forwarded)-.*|x-(?:http-)?method(?:-override)?)$/;
const bodiless: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE']);

/**
 * Reads a request strictly, and says what of it is written anew to the registry. Threat: of one request we read one thing and the registry another, in its framing (a
 * second request in a body), in whom it is for, or by a header that makes it another request.
 *
 * @throws UnreadableMessage
 */
export function readMessage({ method, target, version, rawHeaders }: RawMessage, place: Place): Message {
  if (version !== '1.1') throw new UnreadableMessage(`it is not HTTP/1.1 but HTTP/${version}`);
  if (!target.startsWith('/')) throw new UnreadableMessage('its target is not a path');
  const fields = fieldsOf(rawHeaders);
  const once = (name: string): string | undefined => fields.find(([other]) => other === name)?.[1];
  const host = once('host');
  if (host === undefined || !isFor(host, place))
    throw new UnreadableMessage(
      `its Host ${host === undefined ? 'is missing' : 'is not where its connection leads'}`,
    );
  const framing = framingOf(once('transfer-encoding'), once('content-length'));
  if (bodiless.has(method) && (framing === 'chunked' || framing.length > 0))
    throw new UnreadableMessage(`it is a ${method} with a body`);
  checkConnection(once('connection'));
  if ((once('expect') ?? '100-continue').toLowerCase() !== '100-continue')
    throw new UnreadableMessage('its header Expect is not 100-continue');
  const contentType = once('content-type');
  if (/multipart\/form-data/i.test(contentType ?? ''))
    throw new UnreadableMessage('its body is a form of several parts');
  return {
    method,
    target,
    host,
    fields: fields.filter(([name]) => !notPassedOn.has(name) && !name.startsWith('proxy-')),
    framing,
    contentType,
  };
}

function fieldsOf(raw: readonly string[]): Field[] {
  const fields: Field[] = [];
  const seen = new Set<string>();
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name, value] = [(raw[at] ?? '').toLowerCase(), raw[at + 1] ?? ''];
    // Threat: servers that hand headers to programs by variables take `transfer_encoding` for `transfer-encoding`.
    if (!/^[a-z0-9-]+$/.test(name)) throw new UnreadableMessage('it has a header of another form');
    if (single.has(name) && seen.has(name)) throw new UnreadableMessage(`it has the header ${name} twice`);
    if (name === 'upgrade') throw new UnreadableMessage('it asks for another protocol');
    if (rewriting.test(name)) throw new UnreadableMessage(`its header ${name} could make it another request`);
    seen.add(name);
    fields.push([name, value]);
  }
  return fields;
}

function isFor(text: string, { scheme, host, port }: Place): boolean {
  const named = parseAuthority(text);
  return (
    named !== undefined &&
    hostText(named.host) === hostText(host) &&
    (named.port ?? usualPort(scheme)) === port
  );
}

function framingOf(coding: string | undefined, bytes: string | undefined): Framing {
  if (coding !== undefined) {
    if (bytes !== undefined) throw new UnreadableMessage('it has both Content-Length and Transfer-Encoding');
    if (coding.toLowerCase() !== 'chunked')
      throw new UnreadableMessage('its Transfer-Encoding is not chunked');
    return 'chunked';
  }
  if (bytes === undefined) return { length: 0 };
  if (!/^(?:0|[1-9]\d{0,14})$/.test(bytes))
    throw new UnreadableMessage('its Content-Length is not a plain number');
  return { length: Number(bytes) };
}

/** Threat: what Connection names is taken out by the next reader, such as an Authorization. */
function checkConnection(value: string | undefined): void {
  const words = (value ?? 'close').split(',').map((word) => word.trim().toLowerCase());
  const other = words.find((word) => word !== 'close' && word !== 'keep-alive');
  if (other !== undefined)
    throw new UnreadableMessage('its header Connection names more than close and keep-alive');
}
