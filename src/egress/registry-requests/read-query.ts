import { Unreadable } from './operation.js';

/** Parameters by their names, decoded. */
export type Parameters = ReadonlyMap<string, readonly string[]>;

/**
 * Reads a query, or the body of a form (application/x-www-form-urlencoded).
 *
 * @param meaningful names a rule goes by. Threat: the same name in other letters or given twice, of which this reading takes one and the server another.
 * @throws Unreadable for what servers read in several ways.
 */
export function readParameters(text: string | undefined, meaningful: ReadonlySet<string>): Parameters {
  const found = new Map<string, string[]>();
  for (const part of (text ?? '').split('&')) {
    if (part === '') continue;
    // Some servers take a semicolon for an ampersand; Go's drop such a parameter.
    if (part.includes(';')) throw new Unreadable('its query holds a semicolon');
    const equals = part.indexOf('=');
    const name = decode(equals === -1 ? part : part.slice(0, equals));
    const value = decode(equals === -1 ? '' : part.slice(equals + 1));
    const known = name.toLowerCase().replace(/\[.*$/s, '').trim();
    if (meaningful.has(known) && known !== name)
      throw new Unreadable(`its parameter ${known} is spelt in another way`);
    const values = found.get(name);
    if (values === undefined) found.set(name, [value]);
    else values.push(value);
  }
  return found;
}

/** The value of a parameter that may be given once at most. */
export function single(parameters: Parameters, name: string): string | undefined {
  const values = parameters.get(name) ?? [];
  if (values.length > 1) throw new Unreadable(`its parameter ${name} is given ${values.length} times`);
  return values[0];
}

function decode(text: string): string {
  try {
    const value = decodeURIComponent(text.replaceAll('+', ' '));
    if (!/\p{Cc}/u.test(value)) return value;
  } catch {
    // Not UTF-8: below.
  }
  throw new Unreadable('its parameters hold what is no text');
}
