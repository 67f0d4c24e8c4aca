/**
 * JSON without loss of integers. Go writes 64-bit integers in full (RLIM_INFINITY is 18446744073709551615), and
 * JSON.parse rounds everything beyond 2^53. Such integers become bigint here and are written back digit by digit.
 */

/** The parts of ES2026's "JSON.parse source text access" that Node 24 has and TypeScript's es2024 library lacks. */
interface LosslessJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): object;
}

function isLossless(json: unknown): json is LosslessJson {
  return typeof json === 'object' && json !== null && 'rawJSON' in json;
}

function lossless(): LosslessJson {
  const json: unknown = JSON;
  if (!isLossless(json)) throw new TypeError('this Node has no JSON.rawJSON; Node 22 or newer is needed');
  return json;
}

/** 2^53 has 16 digits: a shorter run of digits cannot lose anything, so most texts skip the slow path. */
const longDigitRun = /\d{16}/;
const integer = /^-?\d+$/;

/**
 * Parses JSON; integers beyond 2^53 become bigint, everything else is as JSON.parse gives it. A reviver makes parsing
 * several times slower, so it only runs when the text holds a run of digits long enough to matter.
 *
 * Where an object repeats a key the last one counts, as in Go; whatever Go would make of the first (it merges nested
 * structures) does not matter, because who acts on it only ever reads what {@link stringifyJson} wrote.
 *
 * @throws SyntaxError when the text is not JSON.
 */
export function parseJson(text: string): unknown {
  if (!longDigitRun.test(text)) return JSON.parse(text);
  return lossless().parse(text, (_key, value, { source }) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
    return source !== undefined && integer.test(source) ? BigInt(source) : value;
  });
}

/** Serialises as JSON.stringify does, bigint as a plain integer. */
export function stringifyJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'bigint' ? lossless().rawJSON(part.toString()) : part,
  );
}
