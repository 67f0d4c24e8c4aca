import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { parseJson, stringifyJson } from '../common/json.js';
import { foldKey, parseEngineJson } from './engine-json.js';

/** As the engine's configuration names it. */
const runtime = 'bulkhead';

/**
 * POST /containers/create: whatever runtime was asked for, the container gets the isolated one, and `docker inspect` says so.
 * Threat: a person who reads `runc` there believes that the container is not isolated, and so does a program that decides by it.
 * That no other runtime is ever started does not hang on this: every name leads to the front door.
 *
 * @returns the body as it is to be served, written anew.
 *
 * Throws `BH_GATE_BODY` for one that the engine might read otherwise.
 */
export function withIsolatedRuntime(text: string): string {
  // What has no key twice in any spelling has one place for the runtime at most.
  parseEngineJson(text);
  const body = asRecord(parseJson(text), 'the body');
  const hostConfig = asRecord(valueAt(body, 'hostconfig') ?? {}, 'HostConfig');
  return stringifyJson(withKey(body, 'HostConfig', withKey(hostConfig, 'Runtime', runtime)));
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
