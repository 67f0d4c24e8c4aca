import { parseJson, stringifyJson } from '../common/json.js';
import { isBeyond, newestApiVersion } from './api-version.js';
import { unreadable } from './http/head-reader.js';

/** The version a client is told where the engine says this one: no newer one than the gate lets it ask for. */
export function cappedVersion(version: string): string {
  return isBeyond(version) === false ? version : newestApiVersion;
}

/**
 * The body of an answer to GET /version, in which the engine says its version and that of each of its components.
 *
 * Throws `BH_GATE_HTTP` for one that is not JSON.
 */
export function cappedVersionBody(text: string): string {
  try {
    return stringifyJson(capped(parseJson(text)));
  } catch {
    throw unreadable('the answer to GET /version is not JSON');
  }
}

function capped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(capped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => [
      key,
      key === 'ApiVersion' && typeof item === 'string' ? cappedVersion(item) : capped(item),
    ]),
  );
}
