import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Option } from 'commander';
import { messageOf } from '../../../common/cause.js';
import { BulkheadError } from '../../../common/errors/bulkhead-error.js';
import {
  isJsonObject,
  isPublisherList,
  type JsonObject,
  type JsonValue,
  parseLocatedJson,
  parsePolicyKey,
  type PublisherList,
  readPublisherList,
  type ReadPolicy,
  type ReadSettings,
  readSettings,
  soundPolicy,
} from '../../../policy/index.js';
import { machinePolicyFile } from '../../../vm/documents/index.js';

export { openPolicyFile, policyFileOf } from '../../../vm/documents/index.js';

/** @throws BH_POLICY_FILE where it can't be read. What is wrong in it is in the answer. */
export async function examinePolicyFile(file: string): Promise<ReadSettings> {
  return readSettings(await bytesOf(file), file);
}

/** A policy that has to be in order; `bulkhead policy check` says everything that is wrong, this the first. */
export async function readSoundPolicy(file: string): Promise<ReadPolicy> {
  return soundPolicy(await examinePolicyFile(file));
}

/** A list of verified publishers, which an organization signs as it does its policy; undefined where the file is none. @throws BH_POLICY_FILE, BH_PUBLISHERS_INVALID */
export async function readPublisherFile(
  file: string,
): Promise<{ readonly list: PublisherList; readonly document: JsonObject } | undefined> {
  const bytes = await bytesOf(file);
  const document = parsed(bytes.toString());
  if (!isJsonObject(document) || !isPublisherList(document)) return undefined;
  const read = readPublisherList(bytes, file);
  if (read.problems !== undefined) throw read.problems[0];
  return { list: read.value, document: read.document };
}

/** What it is not, is told by whoever reads it strictly. */
function parsed(text: string): JsonValue {
  try {
    return parseLocatedJson(text).value;
  } catch {
    return null;
  }
}

/** @throws BH_POLICY_FILE, BH_POLICY_KEY_FILE */
export async function readKey(file: string, kind: 'private' | 'public'): Promise<KeyObject> {
  return parsePolicyKey(await bytesOf(file), kind, file);
}

async function bytesOf(file: string): Promise<Buffer> {
  return readFile(file).catch((cause: unknown) => {
    throw new BulkheadError('BH_POLICY_FILE', { file, reason: messageOf(cause) }, { cause });
  });
}

export function policyOption(): Option {
  return new Option(
    '--policy <file>',
    `the organization's admin-settings.json (default: ${machinePolicyFile}, where it is)`,
  ).env('BULKHEAD_POLICY');
}
