import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '../../../../common/cause.js';
import { BulkheadError, isBulkheadError } from '../../../../common/errors/bulkhead-error.js';
import { cacheRoot, rememberedPolicyKey } from '../../../../image/index.js';
import {
  acceptPublisherList,
  parsePolicyKey,
  type Publishers,
  publishersAt,
  readPublisherList,
  type Settings,
} from '../../../../policy/index.js';
import type { CliContext } from '../../../context.js';

/**
 * Who is a verified publisher by the list beside a policy. A list that can't be used names nobody, and the answer says why: it is the stricter one.
 *
 * @param policy the file the settings are of.
 */
export async function publishersBeside(
  policy: { readonly file: string; readonly settings: Settings },
  env: CliContext['env'],
): Promise<Publishers> {
  const name = policy.settings.bulkhead?.imageAccess?.publishers?.file;
  if (name === undefined) return publishersAt(undefined, Date.now());
  const file = join(dirname(policy.file), name);
  try {
    const read = readPublisherList(await readFile(file).catch(unreadable(file)), file);
    if (read.problems !== undefined) throw read.problems[0];
    const pem = rememberedPolicyKey(cacheRoot(env));
    const key = pem === undefined ? undefined : parsePolicyKey(pem, 'public', 'policy key');
    acceptPublisherList({ list: read.value, document: read.document }, { key, highestSerial: 0 }, file);
    return publishersAt(read.value, Date.now());
  } catch (error) {
    if (!isBulkheadError(error)) throw error;
    return { namespaces: new Set(), missing: error.message };
  }
}

function unreadable(file: string): (cause: unknown) => never {
  return (cause) => {
    throw new BulkheadError('BH_PUBLISHERS_REFUSED', { file, reason: messageOf(cause) }, { cause });
  };
}
