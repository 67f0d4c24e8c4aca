import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { parseJson, stringifyJson } from '../common/json.js';
import { foldKey, parseEngineJson } from './engine-json.js';

/**
 * The body of POST /containers/create with these values in its `HostConfig`, written anew.
 *
 * Throws `BH_GATE_BODY` for one that the engine might read otherwise.
 */
export function withHostConfig(text: string, values: Readonly<Record<string, unknown>>): string {
  // What has no key twice in any spelling has one place for each value at most.
  parseEngineJson(text);
  const body = asRecord(parseJson(text), 'the body');
  let hostConfig: object = Object.fromEntries(asRecord(valueAt(body, 'hostconfig') ?? {}, 'HostConfig'));
  for (const [key, value] of Object.entries(values))
    hostConfig = withKey(Object.entries(hostConfig), key, value);
  return stringifyJson(withKey(body, 'HostConfig', hostConfig));
}

/** What it has there under this name, however it is spelt. Throws likewise. */
export function hostConfigOf(text: string, key: string): unknown {
  parseEngineJson(text);
  const hostConfig = valueAt(asRecord(parseJson(text), 'the body'), 'hostconfig') ?? {};
  return valueAt(asRecord(hostConfig, 'HostConfig'), foldKey(key));
}

type Entries = readonly (readonly [string, unknown])[];

function asRecord(value: unknown, what: string): Entries {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw new BulkheadError('BH_GATE_BODY', { reason: `${what} is not an object` });
}

function valueAt(entries: Entries, folded: string): unknown {
  return entries.find(([key]) => foldKey(key) === folded)?.[1];
}

/** The object with one value under this name alone, however it was spelt. `fromEntries` makes even `__proto__` a key like others. */
function withKey(entries: Entries, key: string, value: unknown): object {
  const others = entries.filter(([other]) => foldKey(other) !== foldKey(key));
  return Object.fromEntries([...others, [key, value]]);
}
