import { type Framing, framingOf } from './framing.js';
import { unreadable } from './head-reader.js';
import { onlyValue, parseHeaderFields } from './header-fields.js';

/** What the gate must know of an answer of the engine; its bytes are passed on as they are. */
export interface ResponseHead {
  readonly status: number;
  /** `undefined`: the answer lasts until the engine closes. */
  readonly framing: Framing;
  /** The version of its API an engine says it has. */
  readonly apiVersion: string | undefined;
}

/**
 * Reads the lines of an answer's head (RFC 9112 sections 4 and 6.3). The engine is trusted; what cannot be read all the same
 * must not leave it unclear where the next answer begins.
 *
 * @param method of the request: an answer to HEAD has no body, whatever it says.
 *
 * Throws `BH_GATE_HTTP`.
 */
export function parseResponseHead(
  [statusLine = '', ...rest]: readonly string[],
  method: string,
): ResponseHead {
  const digits = /^HTTP\/1\.1 ([1-5]\d\d)(?: .*)?$/.exec(statusLine)?.[1];
  if (digits === undefined) throw unreadable('the answer does not begin with a status line');
  const status = Number(digits);
  const fields = parseHeaderFields(rest);
  const framing = framingOf(fields);
  const bodiless = method === 'HEAD' || status < 200 || status === 204 || status === 304;
  return {
    status,
    framing: bodiless ? { length: 0 } : framing,
    apiVersion: onlyValue(fields, 'api-version'),
  };
}
