import { unreadable } from './head-reader.js';
import { type HeaderField, onlyValue } from './header-fields.js';

/** How the end of a body is known: after so many bytes, or by chunks. `undefined` is neither. */
export type Framing = { readonly length: number } | 'chunked' | undefined;

/** At most 15 digits, which a double holds exactly; no sign, no blank, no leading zero, no list. */
const length = /^(?:0|[1-9]\d{0,14})$/;

/**
 * RFC 9112 section 6.3. Threat: request smuggling. Where two readers find different ends of a body, what one of them takes for its
 * rest is a request to the other. So there is one way to say the length, once, in one spelling.
 *
 * Throws `BH_GATE_HTTP`.
 */
export function framingOf(fields: readonly HeaderField[]): Framing {
  const coding = onlyValue(fields, 'transfer-encoding');
  const bytes = onlyValue(fields, 'content-length');
  if (coding !== undefined) {
    if (bytes !== undefined) throw unreadable('it has both Content-Length and Transfer-Encoding');
    if (coding.toLowerCase() !== 'chunked') throw unreadable('its Transfer-Encoding is not chunked');
    return 'chunked';
  }
  if (bytes === undefined) return undefined;
  if (!length.test(bytes)) throw unreadable('its Content-Length is not a plain number');
  return { length: Number(bytes) };
}
