import { unreadable } from './head-reader.js';

/** Name (lower case) and value of one field, as it stood. */
export type HeaderField = readonly [name: string, value: string];

/** RFC 9110 section 5.6.2. */
const tokenCharacters = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
/** RFC 9112 section 5: no blank before the colon; a line that begins with one would be a folded value. */
const line = new RegExp(`^(${tokenCharacters}):(.*)$`);
const token = new RegExp(`^${tokenCharacters}$`);

const mostFields = 200;

/**
 * The fields of a head, in order. What a byte may be has been checked when the head was read.
 *
 * Throws `BH_GATE_HTTP`.
 */
export function parseHeaderFields(lines: readonly string[]): HeaderField[] {
  if (lines.length > mostFields) throw unreadable(`it has more than ${mostFields} header fields`);
  return lines.map((text) => {
    const [, name, value = ''] = line.exec(text) ?? [];
    if (name === undefined) throw unreadable('a header line is not a name, a colon and a value');
    return [name.toLowerCase(), value.trim()];
  });
}

/**
 * The value of a field that must not stand there twice: which of two would count is what readers differ in.
 *
 * Throws `BH_GATE_HTTP`.
 */
export function onlyValue(fields: readonly HeaderField[], name: string): string | undefined {
  const found = fields.filter(([other]) => other === name);
  if (found.length > 1) throw unreadable(`it has the header ${name} twice`);
  return found[0]?.[1];
}

/**
 * The members of a comma-separated list of tokens (RFC 9110 section 5.6.1), in lower case.
 *
 * Throws `BH_GATE_HTTP`.
 */
export function tokenList(name: string, value: string): string[] {
  return value.split(',').map((part) => {
    const member = part.trim();
    if (!token.test(member)) throw unreadable(`its header ${name} is not a list of words`);
    return member.toLowerCase();
  });
}
