import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { parseJson } from '../common/json.js';

/** A JSON value as the engine takes it: object keys folded, every object a map. */
export type EngineJson =
  | string
  | number
  | boolean
  | null
  | readonly EngineJson[]
  | ReadonlyMap<string, EngineJson>;

/** Deeper documents than any request has; bounds the recursion. */
const deepest = 64;

/**
 * Values and keys a body may have. Threat: four million bytes of `{},{},…` are more than a million objects: a hundred times their size in memory, and
 * seconds in which nobody else is served.
 */
const mostValues = 200_000;

/**
 * Reads a request body as Go's encoding/json does, or not at all. Go matches keys without regard to case, and a repeated key is
 * merged into what the first one set; JSON.parse keeps the last alone. A reader of the second kind in front of a reader of the
 * first can be shown one request and let pass another, so repeated keys are refused and all keys folded. Half a surrogate pair is
 * U+FFFD to Go, in which two keys may become one, and so refused as well.
 *
 * @returns the value as parseJson gives it, from which it can be written without loss, and as the engine takes it.
 *
 * Throws `BH_GATE_BODY`.
 */
export function readEngineJson(text: string): { value: unknown; folded: EngineJson } {
  refuseTooMany(text);
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    throw new BulkheadError('BH_GATE_BODY', { reason: 'its body is not JSON' }, { cause });
  }
  refuseRepeatedKeys(text);
  return { value, folded: foldJson(value) };
}

/** Counts what begins or separates values, in strings as well: no request has near as many of either. */
function refuseTooMany(text: string): void {
  if (text.length < mostValues) return;
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 0x2c || unit === 0x5b || unit === 0x7b) count += 1;
  }
  if (count > mostValues)
    throw new BulkheadError('BH_GATE_BODY', { reason: `its body has more than ${mostValues} values` });
}

/** As bytes.EqualFold does for the letters of our keys: U+017F and U+212A fold to s and k. */
export function foldKey(key: string): string {
  return key.replaceAll('\u017F', 's').replaceAll('\u212A', 'k').toLowerCase();
}

/** A value of parseJson as the engine takes it. Throws `BH_GATE_BODY`. */
export function foldJson(value: unknown, depth = 0): EngineJson {
  if (depth > deepest) throw new BulkheadError('BH_GATE_BODY', { reason: 'its body is nested too deeply' });
  if (Array.isArray(value)) return value.map((item) => foldJson(item, depth + 1));
  if (typeof value === 'object' && value !== null) {
    return new Map(
      Object.entries(value).map(([key, item]) => [foldKey(wellFormed(key)), foldJson(item, depth + 1)]),
    );
  }
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY)
    throw new BulkheadError('BH_GATE_BODY', { reason: 'its body has a number that is too large' });
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string') return wellFormed(value);
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  return null;
}

function wellFormed(text: string): string {
  if (text.isWellFormed()) return text;
  throw new BulkheadError('BH_GATE_BODY', { reason: 'its body has half a surrogate pair' });
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;

/**
 * `text` is known to be JSON, so strings and punctuation alone tell keys from values.
 *
 * @param fold which keys are the same: those of Go's structures in any case, those of its maps to the letter.
 *
 * Throws `BH_GATE_BODY`.
 */
export function refuseRepeatedKeys(text: string, fold: (key: string) => string = foldKey): void {
  const open: (Set<string> | null)[] = [];
  let previous = '';
  let beforePrevious = '';
  for (const [part] of text.matchAll(token)) {
    if (part === '{') open.push(new Set());
    else if (part === '[') open.push(null);
    else if (part === '}' || part === ']') open.pop();
    else if (part === ':') noteKey(fold, open.at(-1), previous, beforePrevious);
    beforePrevious = previous;
    previous = part;
  }
}

function noteKey(
  fold: (key: string) => string,
  keys: Set<string> | null | undefined,
  literal: string,
  before: string,
): void {
  if (keys === null || keys === undefined || (before !== '{' && before !== ',')) return;
  const parsed: unknown = JSON.parse(literal);
  const key = fold(String(parsed));
  if (keys.has(key)) throw new BulkheadError('BH_GATE_BODY', { reason: `its body has the key ${key} twice` });
  keys.add(key);
}
