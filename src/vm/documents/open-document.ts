import { type FileHandle, open } from 'node:fs/promises';
import { messageOf } from '../../common/cause.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { largestPolicy } from '../../policy/index.js';

/** A document that is in order, and the file it was read from. */
export interface OpenDocument<Value> {
  readonly value: Value;
  /** At most one more than a document may have: what is longer is refused by whoever parses it. */
  readonly bytes: Buffer;
  /** Its position is at the start. The caller's to close. */
  readonly handle: FileHandle;
}

/**
 * Reads a policy, settings, a `registry.json` or a list of publishers once, for who hands the open file on. Threat: a file that is checked and another, put in its
 * place meanwhile, that is used.
 *
 * @param parse throws where it is not in order; the file is then closed.
 * @throws `failure` with what the system says, the cause being the system's error; what `parse` throws.
 */
export async function openDocument<Value>(
  file: string,
  failure: 'BH_POLICY_FILE' | 'BH_REGISTRY_FILE' | 'BH_SETTINGS_FILE' | 'BH_PUBLISHERS_REFUSED',
  parse: (bytes: Buffer) => Value,
): Promise<OpenDocument<Value>> {
  const unreadable = (cause: unknown): never => {
    throw new BulkheadError(failure, { file, reason: messageOf(cause) }, { cause });
  };
  const handle = await open(file).catch(unreadable);
  try {
    const buffer = Buffer.alloc(largestPolicy + 1);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0).catch(unreadable);
    const bytes = buffer.subarray(0, bytesRead);
    return { value: parse(bytes), bytes, handle };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
