import { isJsonList, isJsonObject, type JsonValue } from './json-value.js';

/**
 * The one text of a document by RFC 8785 (JSON Canonicalization Scheme): members sorted by the UTF-16 units of their names, no white
 * space, numbers and strings as ECMAScript writes them. What a signature is over must not change when an editor reformats the file.
 *
 * @throws TypeError for half a surrogate pair (RFC 8785 §3.2.2.2) and for a number that is not finite, neither of which has a form.
 */
export function canonicalJson(value: JsonValue): string {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError('half a surrogate pair');
    return JSON.stringify(value);
  }
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new TypeError('a number that is not finite');
  if (isJsonList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${canonicalJson(key)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}
