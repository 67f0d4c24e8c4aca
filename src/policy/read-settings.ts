import type { ReadPolicy } from './accept-policy.js';
import type { JsonObject } from './json-value.js';
import { names } from './key-names.js';
import { type Settings, settingsSchema } from './settings-schema.js';
import { largestDocument, type Problems, readStrictDocument } from './strict-document.js';

/** Bytes. */
export const largestPolicy = largestDocument;

export type ReadSettings =
  | {
      readonly settings: Settings;
      /** What the settings were read from, each key in its one spelling: what a signature is over. */
      readonly document: JsonObject;
      readonly problems?: undefined;
    }
  | { readonly settings?: undefined; readonly problems: Problems };

/**
 * Reads a policy file.
 *
 * @param file its name, for the messages.
 * @returns the settings, or all that is wrong, in the order of the file: one `BH_POLICY_INVALID` each, with line, column and key.
 */
export function readSettings(bytes: Uint8Array, file: string): ReadSettings {
  const read = readStrictDocument(bytes, file, {
    schema: settingsSchema,
    names,
    problem: 'BH_POLICY_INVALID',
  });
  return read.problems === undefined ? { settings: read.value, document: read.document } : read;
}

/** A policy that has to be in order. @throws BH_POLICY_INVALID, with the first place that is wrong. */
export function soundPolicy(read: ReadSettings): ReadPolicy {
  if (read.problems === undefined) return read;
  throw read.problems[0];
}
