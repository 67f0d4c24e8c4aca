import { canonicalJson } from './canonical-json.js';
import { isJsonObject, type JsonObject, type JsonValue } from './json-value.js';

/** One place where two policies differ; absent is `undefined`. */
export interface PolicyDifference {
  /** As `linuxVM.vpnkitCIDR.value`. Lists are compared whole: the place of an item in them says nothing. */
  readonly key: string;
  readonly before: JsonValue | undefined;
  readonly after: JsonValue | undefined;
}

/** What changes when `after` takes the place of `before`, by key. Signatures differ whatever else does, so they are left out. */
export function policyDifferences(before: JsonObject, after: JsonObject): readonly PolicyDifference[] {
  const [old, now] = [leaves(before), leaves(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((key) => !key.startsWith('bulkhead.signature.'))
    .toSorted()
    .map((key) => ({ key, before: old.get(key), after: now.get(key) }))
    .filter(
      ({ before: a, after: b }) =>
        a === undefined || b === undefined || canonicalJson(a) !== canonicalJson(b),
    );
}

function leaves(value: JsonValue, path = '', found = new Map<string, JsonValue>()): Map<string, JsonValue> {
  if (!isJsonObject(value) || Object.keys(value).length === 0) {
    found.set(path, value);
    return found;
  }
  for (const [key, member] of Object.entries(value))
    leaves(member, path === '' ? key : `${path}.${key}`, found);
  return found;
}
