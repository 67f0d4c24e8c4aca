import type { z } from 'zod';
import { isJsonList, isJsonObject, type JsonValue } from './json-value.js';
import type { JsonPath } from './located-json.js';
import { settingsSchema } from './settings-schema.js';

/** Docker takes the names of settings in any case; here each becomes the one spelling there is. */
export interface CanonicalKeys {
  readonly value: JsonValue;
  /** The path as it stands in the file, of one in `value`. */
  readonly original: (path: JsonPath) => JsonPath;
}

/** Names by their lower case. */
export type KeyNames = ReadonlyMap<string, string>;

export function canonicalKeys(document: JsonValue, names: KeyNames): CanonicalKeys {
  const spelt = new Map<string, string>();
  const walk = (value: JsonValue, path: JsonPath): JsonValue => {
    if (isJsonList(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (!isJsonObject(value)) return value;
    const members = Object.entries(value).map(([key, member]) => {
      const name = names.get(key.toLowerCase()) ?? key;
      spelt.set(JSON.stringify([...path, name]), key);
      return [name, walk(member, [...path, name])] as const;
    });
    return Object.fromEntries(members);
  };
  return {
    value: walk(document, []),
    original: (path) =>
      path.map((part, index) => spelt.get(JSON.stringify(path.slice(0, index + 1))) ?? part),
  };
}

/** Every name in the schema of the policy. No two names differ in case alone (a test says so), and no object has keys of the user's own. */
export const names = namesOf(settingsSchema);

export function namesOf(schema: z.core.$ZodType): KeyNames {
  return collectNames(schema, new Map<string, string>());
}

function collectNames(schema: z.core.$ZodType, found: Map<string, string>): Map<string, string> {
  const { def } = schema._zod;
  if ('shape' in def && isShape(def.shape)) {
    for (const [name, member] of Object.entries(def.shape)) {
      found.set(name.toLowerCase(), name);
      collectNames(member, found);
    }
  }
  for (const inner of ['innerType', 'element'] as const) {
    const member: unknown = Reflect.get(def, inner);
    if (isSchema(member)) collectNames(member, found);
  }
  return found;
}

function isSchema(value: unknown): value is z.core.$ZodType {
  return typeof value === 'object' && value !== null && '_zod' in value;
}

function isShape(value: unknown): value is Record<string, z.core.$ZodType> {
  return typeof value === 'object' && value !== null && Object.values(value).every(isSchema);
}
