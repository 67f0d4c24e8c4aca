import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { ReadPolicy } from './accept-policy.js';
import {
  type JsonPath,
  JsonProblem,
  type LocatedJson,
  parseLocatedJson,
  type Position,
} from './located-json.js';
import { type Settings, settingsSchema } from './settings-schema.js';
import { canonicalKeys } from './key-names.js';
import { isJsonObject, type JsonObject } from './json-value.js';

/** Bytes; Docker's fullest example is some 5 KB. */
export const largestPolicy = 1024 * 1024;

export type ReadSettings =
  | {
      readonly settings: Settings;
      /** What the settings were read from, each key in its one spelling: what a signature is over. */
      readonly document: JsonObject;
      readonly problems?: undefined;
    }
  | { readonly settings?: undefined; readonly problems: readonly BulkheadError[] };

/**
 * Reads a policy file, whole or not at all: what is half understood would be enforced by half.
 *
 * @param file its name, for the messages.
 * @returns the settings, or all that is wrong, in the order of the file: one `BH_POLICY_INVALID` each, with line, column and key.
 */
export function readSettings(bytes: Uint8Array, file: string): ReadSettings {
  const invalid = ({ line, column }: Position, path: JsonPath, reason: string): BulkheadError =>
    new BulkheadError('BH_POLICY_INVALID', { file, line, column, key: keyText(path), reason });
  const start = { line: 1, column: 1 };
  if (bytes.byteLength > largestPolicy)
    return { problems: [invalid(start, [], `it is larger than ${largestPolicy} bytes`)] };
  let located: LocatedJson;
  try {
    located = parseLocatedJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    if (error instanceof JsonProblem)
      return { problems: [invalid(error.position, error.path, error.message)] };
    return { problems: [invalid(start, [], 'it is not UTF-8')] };
  }
  const { value, original } = canonicalKeys(located.value);
  if (!isJsonObject(value)) return { problems: [invalid(start, [], 'invalid input: expected object')] };
  const parsed = settingsSchema.safeParse(value);
  if (parsed.success) return { settings: parsed.data, document: value };
  const problems = parsed.error.issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    if (issue.code !== 'unrecognized_keys') return [{ path, reason: sentence(issue.message) }];
    return issue.keys.map((key) => ({ path: [...path, key], reason: 'no setting has this name' }));
  });
  const sorted = problems
    .map(({ path, reason }) => ({ path, reason, position: located.positionOf(original(path)) }))
    .sort((a, b) => a.position.line - b.position.line || a.position.column - b.position.column);
  return { problems: sorted.map(({ path, reason, position }) => invalid(position, path, reason)) };
}

/** A policy that has to be in order. @throws BH_POLICY_INVALID, with the first place that is wrong. */
export function soundPolicy(read: ReadSettings, file: string): ReadPolicy {
  if (read.problems === undefined) return read;
  throw read.problems[0] ?? new BulkheadError('BH_POLICY_FILE', { file, reason: 'it is not in order' });
}

function keyText(path: JsonPath): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
  return text === '' ? 'the document' : text.replace(/^\./, '');
}

function sentence(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
