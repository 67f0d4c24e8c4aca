import type { z } from 'zod';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { printable } from '../common/printable.js';
import { isJsonObject, type JsonObject } from './json-value.js';
import { canonicalKeys, type KeyNames } from './key-names.js';
import {
  type JsonPath,
  JsonProblem,
  type LocatedJson,
  parseLocatedJson,
  type Position,
} from './located-json.js';

/** Bytes. Docker's fullest example of a policy is some 5 KB; one that names 50,000 registries has four MB. */
export const largestDocument = 8 * 1024 * 1024;

/** Nobody reads more at once; how many there are besides is told. */
export const mostProblems = 100;

/** What a kind of file has to be, and as what its faults are told: with `file`, `line`, `column`, `key` and `reason`. */
export interface DocumentKind<Schema extends z.ZodType> {
  readonly schema: Schema;
  readonly names: KeyNames;
  readonly problem:
    | 'BH_POLICY_INVALID'
    | 'BH_PUBLISHERS_INVALID'
    | 'BH_REGISTRY_INVALID'
    | 'BH_SETTINGS_INVALID';
}

/** What is wrong with a document, in its order: one error for each fault, so never none. */
export type Problems = readonly [BulkheadError, ...BulkheadError[]];

export type StrictDocument<Value> =
  | {
      readonly value: Value;
      /** What it was read from, each key in its one spelling. */
      readonly document: JsonObject;
      readonly problems?: undefined;
    }
  | { readonly value?: undefined; readonly problems: Problems };

/**
 * Reads a file of settings, whole or not at all: what is half understood would be enforced by half.
 *
 * @param file its name, for the messages.
 * @returns the settings, or what is wrong, in the order of the file, one error each; the last of very many counts the rest.
 */
export function readStrictDocument<Schema extends z.ZodType>(
  bytes: Uint8Array,
  file: string,
  { schema, names, problem }: DocumentKind<Schema>,
): StrictDocument<z.infer<Schema>> {
  const invalid = ({ line, column }: Position, path: JsonPath, reason: string): BulkheadError =>
    new BulkheadError(problem, { file, line, column, key: keyText(path), reason });
  const start = { line: 1, column: 1 };
  if (bytes.byteLength > largestDocument)
    return { problems: [invalid(start, [], `it is larger than ${largestDocument} bytes`)] };
  let located: LocatedJson;
  try {
    located = parseLocatedJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    if (error instanceof JsonProblem)
      return { problems: [invalid(error.position, error.path, error.message)] };
    return { problems: [invalid(start, [], 'it is not UTF-8')] };
  }
  const { value, original } = canonicalKeys(located.value, names);
  if (!isJsonObject(value)) return { problems: [invalid(start, [], 'invalid input: expected object')] };
  const parsed = schema.safeParse(value);
  if (parsed.success) return { value: parsed.data, document: value };
  const problems = parsed.error.issues
    .flatMap(problemsOf)
    .map(({ path, reason }) => ({ path, reason, position: located.positionOf(original(path)) }))
    .sort((a, b) => a.position.line - b.position.line || a.position.column - b.position.column);
  const next = problems[mostProblems];
  const rest = `${problems.length - mostProblems} more problems, of which this is the first: `;
  const [first, ...others] = [
    ...problems.slice(0, mostProblems),
    ...(next === undefined ? [] : [{ ...next, reason: rest + next.reason }]),
  ].map(({ path, reason, position }) => invalid(position, path, reason));
  return { problems: [first ?? invalid(start, [], 'it is not in order'), ...others] };
}

function problemsOf(issue: z.core.$ZodIssue): { path: JsonPath; reason: string }[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code !== 'unrecognized_keys') return [{ path, reason: sentence(issue.message) }];
  return issue.keys.map((key) => ({ path: [...path, key], reason: 'no setting has this name' }));
}

/** Threat: keys of somebody else's file, on the terminal of whoever checks it. */
function keyText(path: JsonPath): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
  return text === '' ? 'the document' : printable(text.replace(/^\./, ''));
}

function sentence(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
