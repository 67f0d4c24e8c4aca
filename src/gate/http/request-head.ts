import { type Framing, framingOf } from './framing.js';
import { unreadable } from './head-reader.js';
import { type HeaderField, onlyValue, parseHeaderFields, tokenList } from './header-fields.js';

/** One request as it was read: nothing of its bytes is needed any more. */
export interface RequestHead {
  readonly method: string;
  /** Decoded once; in the plain form: no dot segments, no doubled slashes, no NUL. */
  readonly path: string;
  /** As it was sent, without the question mark; `undefined` without one. No semicolons, and every percent sign encodes a byte. */
  readonly query: string | undefined;
  /** End-to-end fields alone, in order. */
  readonly fields: readonly HeaderField[];
  readonly framing: Framing;
  /** The protocol the client wants to go on with, in lower case. */
  readonly upgrade: string | undefined;
  readonly expectsContinue: boolean;
  /** The client closes the connection after the answer. */
  readonly close: boolean;
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']);

/** By which the second line of the gate, and who was refused, know a request of the audit log. Only the gate itself sets it. */
export const requestIdHeader = 'x-bulkhead-request-id';

/** Said to the next reader of the bytes and not to the engine (RFC 9110 section 7.6.1), and what is written anew instead. */
const notPassedOn = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  requestIdHeader,
]);

/** Go takes parameters out of such a body before those of the query, where the gate looks for them (net/http, ParseForm and FormValue). */
const form = /x-www-form-urlencoded|multipart\/form-data/i;

/** What Connection may name. Anything else would have a header taken out that the engine is to see. */
const connectionOptions = new Set(['close', 'http2-settings', 'keep-alive', 'te', 'upgrade']);

/**
 * Reads the lines of a request head (RFC 9112 sections 3 and 5), or not at all.
 *
 * Throws `BH_GATE_HTTP`.
 */
export function parseRequestHead([requestLine = '', ...rest]: readonly string[]): RequestHead {
  const [, method = '', target, version] = /^([A-Za-z]+) ([^ \t]+) (HTTP\/\d\.\d)$/.exec(requestLine) ?? [];
  if (target === undefined) throw unreadable('its first line is not a method, a path and a version');
  if (version !== 'HTTP/1.1') throw unreadable(`it is not HTTP/1.1 but ${version}`);
  if (!methods.has(method)) throw unreadable(`its method is none of ${[...methods].join(', ')}`);
  const fields = parseHeaderFields(rest);
  if (onlyValue(fields, 'host') === undefined) throw unreadable('it has no Host header');
  const framing = framingOf(fields);
  const empty = framing === undefined || (framing !== 'chunked' && framing.length === 0);
  if (!empty && fields.some(([name, value]) => name === 'content-type' && form.test(value)))
    throw unreadable('its body is a form');
  return {
    method,
    ...parseTarget(target),
    fields: fields.filter(([name]) => !notPassedOn.has(name)),
    framing,
    upgrade: onlyValue(fields, 'upgrade')?.toLowerCase(),
    expectsContinue: expectsContinue(onlyValue(fields, 'expect')),
    close: connectionOf(fields).includes('close'),
  };
}

/** Origin form alone (RFC 9112 section 3.2.1): no client of an engine's socket sends another. */
function parseTarget(target: string): { path: string; query: string | undefined } {
  const [, raw, query] = /^(\/[^?#]*)(?:\?([^#]*))?$/.exec(target) ?? [];
  if (raw === undefined) throw unreadable('its target is not a path');
  // A second question mark is part of the first name to Go, and to other readers it is not. Go leaves out a parameter with a semicolon or with half an encoded character (net/url, parseQuery); other readers find others in it.
  if (query !== undefined && !/^(?!\?)(?:[^;%]|%[0-9A-Fa-f]{2})*$/.test(query))
    throw unreadable('its query is not in the plain form');
  let path: string;
  try {
    path = decodeURIComponent(raw);
  } catch {
    throw unreadable('its path is not in the plain form');
  }
  if (/\/\/|\/\.{1,2}(?:\/|$)|\0/.test(path)) throw unreadable('its path is not in the plain form');
  return { path, query };
}

function expectsContinue(value: string | undefined): boolean {
  if (value === undefined) return false;
  if (value.toLowerCase() === '100-continue') return true;
  throw unreadable('its header Expect is not 100-continue');
}

function connectionOf(fields: readonly HeaderField[]): string[] {
  const value = onlyValue(fields, 'connection') ?? '';
  const options = value === '' ? [] : tokenList('connection', value);
  const unknown = options.find((option) => !connectionOptions.has(option));
  if (unknown !== undefined) throw unreadable(`its header Connection names ${unknown}`);
  return options;
}
