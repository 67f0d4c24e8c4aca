import { parseAuthority } from './authority.js';
import {
  type Authority,
  type FirstBytes,
  type HttpBeginning,
  type Malformed,
  mostFirstBytes,
} from './types.js';

const malformed = (reason: string): Malformed => ({ kind: 'malformed', protocol: 'http', reason });

const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e\x80-\xff]+) HTTP\/1\.([01])$/;
const fieldLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\0\r\n]*)$/;

/** What hardly any server of HTTP takes in a request line. */
const binary = /[\p{Cc}--[\t\v\f\r\x80-\x9f]]/v;

/** Threat: nginx before 1.21 takes every control character but zero in what is asked for, and cuts it out with `/../`. What git's own protocol begins with looks the same, with a zero. */
const asks = /^[A-Z]+[ \t]+(?:[/*]|https?:)[^\0]*$/i;

/**
 * The head of a request of HTTP/1, read as RFC 9112 says it is written and in no other way. Threat: lenient servers take tabs for spaces, fold lines, skip empty ones and choose between two
 * `Host`; what only looks like a request is therefore refused, never forwarded as something we do not know.
 */
export function readHttp(bytes: Uint8Array): FirstBytes {
  const text = Buffer.from(bytes).toString('latin1');
  const begun = text.replace(/^[\r\n]+/, '');
  const lineEnd = begun.indexOf('\n');
  const line = lineEnd < 0 ? begun : begun.slice(0, lineEnd);
  if (binary.test(line) && !asks.test(line)) return { kind: 'other' };
  if (lineEnd < 0) return unfinished(bytes, line);
  if (!isLikeRequest(line))
    return isWithoutVersion(line)
      ? malformed('its request is one of HTTP/0.9, which names no host')
      : { kind: 'other' };
  if (line === 'PRI * HTTP/2.0\r' && begun === text) return readPreface(text);
  if (begun !== text) return malformed('an empty line is in front of its request');
  const head = headOf(text);
  if (head !== undefined) return readLines(head.split('\r\n'));
  if (text.length < mostFirstBytes) return { kind: 'more', like: 'http' };
  return malformed(`its head is larger than ${mostFirstBytes} bytes`);
}

/** A version with something in front of it. Threat: of a line of spaces a regular expression for this makes seconds of the gateway's one thread. */
function isLikeRequest(line: string): boolean {
  const version = line.toUpperCase().lastIndexOf('HTTP/');
  return version > 0 && /^\d/.test(line.slice(version + 5)) && /\S\s/.test(line.slice(0, version));
}

/** Threat: nginx and Apache still answer the oldest request there is, by which whatever is at an address is asked for as if it were another protocol. */
function isWithoutVersion(line: string): boolean {
  return /^GET[ \t]+(?:\/|https?:\/\/)/i.test(line);
}

/** Spaces and tabs alone (RFC 9110 §5.6.3), and again without a regular expression. */
function withoutSpace(text: string): string {
  const isSpace = (at: number): boolean => text[at] === ' ' || text[at] === '\t';
  let [start, end] = [0, text.length];
  while (start < end && isSpace(start)) start += 1;
  while (end > start && isSpace(end - 1)) end -= 1;
  return text.slice(start, end);
}

/** A line that has not come to its end can be one of HTTP as long as it begins like a method. */
function unfinished(bytes: Uint8Array, line: string): FirstBytes {
  if (!/^\s*[!#$%&'*+.^_`|~0-9A-Za-z-]*(\s|$)/.test(line)) return { kind: 'other' };
  if (bytes.length < mostFirstBytes) return { kind: 'more', like: 'http' };
  return malformed(`its request line is larger than ${mostFirstBytes} bytes`);
}

/** Up to the first empty line, however its end is written: a head that is split by another than CR LF is not in order. */
function headOf(text: string): string | undefined {
  const end = /\r?\n\r?\n/.exec(text);
  return end === null ? undefined : text.slice(0, end.index);
}

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
function readPreface(text: string): FirstBytes {
  if (text.startsWith(preface)) return { kind: 'http2' };
  return preface.startsWith(text)
    ? { kind: 'more', like: 'http' }
    : malformed('its preface of HTTP/2 is not in order');
}

function readLines([first = '', ...lines]: readonly string[]): FirstBytes {
  const [, method, target, minor] = requestLine.exec(first) ?? [];
  if (method === undefined || target === undefined) return malformed('its request line is not in order');
  const hosts: string[] = [];
  for (const line of lines) {
    const [, name, value] = fieldLine.exec(line) ?? [];
    if (name === undefined || value === undefined)
      return malformed('a line of its head is not in order, or folded');
    if (name.toLowerCase() === 'host') hosts.push(withoutSpace(value));
  }
  const [host, ...others] = hosts;
  if (others.length > 0) return malformed('it has more than one Host');
  if (host === undefined && minor === '1') return malformed('it has no Host');
  const named = host === undefined || host === '' ? undefined : parseAuthority(host);
  if (host !== undefined && host !== '' && named === undefined) return malformed('its Host is no host');
  return withTarget(method, target, named);
}

function withTarget(method: string, target: string, named: Authority | undefined): HttpBeginning | Malformed {
  if (method === 'CONNECT') return proxied('authority', method, parseAuthority(target), named);
  if (target.startsWith('/')) return { kind: 'http', method, form: 'origin', ...optional(named) };
  if (target === '*') return { kind: 'http', method, form: 'asterisk', ...optional(named) };
  const [, authority] = /^https?:\/\/([^/?#]*)(?:[/?#]|$)/i.exec(target) ?? [];
  return proxied('absolute', method, authority === undefined ? undefined : parseAuthority(authority), named);
}

/** RFC 9112 §3.2.2: what the target says counts. A server that goes by `Host` must read the same. */
function proxied(
  form: 'absolute' | 'authority',
  method: string,
  target: Authority | undefined,
  named: Authority | undefined,
): HttpBeginning | Malformed {
  if (target === undefined) return malformed('its target is none');
  if (named !== undefined && named.host !== target.host)
    return malformed('its Host is not the host of its target');
  return { kind: 'http', method, form, authority: target };
}

function optional(authority: Authority | undefined): { authority?: Authority } {
  return authority === undefined ? {} : { authority };
}
