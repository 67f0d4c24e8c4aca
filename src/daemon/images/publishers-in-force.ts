import { readIfThere } from '../../common/durable-file.js';
import { isBulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Logger } from '../../common/log.js';
import {
  currentPublishers,
  noPublishers,
  parsePolicyKey,
  parsePolicyRecord,
  parseSeenTime,
  policyRecordText,
  type Publishers,
  publishersAt,
  readAcceptedList,
} from '../../policy/index.js';
import { policyFiles, writeRecord } from '../policy-guard.js';
import { readSealedFile } from '../sealed-file.js';

/** Beside what is remembered of policies, where neither a container nor the engine can write. */
const serialFile = '/var/lib/bulkhead-data/bulkhead/publishers-serial.json';

export interface PublisherFiles {
  readonly keyFile: string;
  /** The highest time there was here. */
  readonly timeFile: string;
  /** The highest serial of a list that was in use here. */
  readonly serialFile: string;
  readonly now: () => number;
  readonly log: Pick<Logger, 'warn'>;
}

/**
 * Who counts as a verified publisher here, by the sealed list the engine was started with, decided once more where the developer can change nothing. A list that can't be used
 * names nobody, and the refusals say why. Threat: names that were added to it, an older list, a clock that is set back.
 *
 * @param fd sealed copy of the list; undefined where there is none.
 */
export function publishersInForce(fd: number | undefined, log: Pick<Logger, 'warn'>): Publishers {
  if (fd === undefined) return publishersAt(undefined, Date.now());
  return decidePublishers(readSealedFile(fd), { ...policyFiles, serialFile, now: Date.now, log });
}

/** @param bytes of the list. */
export function decidePublishers(bytes: Uint8Array, files: PublisherFiles): Publishers {
  const { keyFile, timeFile, now, log } = files;
  try {
    const pem = readIfThere(keyFile);
    const key = pem === undefined ? undefined : parsePolicyKey(pem, 'public', keyFile);
    const known = parsePolicyRecord(readIfThere(files.serialFile), files.serialFile);
    const highestSerial = key === undefined ? 0 : (known?.serial ?? 0);
    const list = readAcceptedList(bytes, { key, highestSerial }, 'the list of publishers');
    if (key !== undefined && list.serial > highestSerial)
      writeRecord(files.serialFile, policyRecordText({ serial: list.serial }), (error) => {
        log.warn(
          { err: error },
          'the serial of the list of publishers could not be written to the data disk',
        );
      });
    const seen = parseSeenTime(readIfThere(timeFile), timeFile)?.time ?? 0;
    return currentPublishers(list, () => Math.max(now(), seen));
  } catch (error) {
    if (!isBulkheadError(error)) throw error;
    log.warn({ err: error }, 'nobody counts as a verified publisher');
    return noPublishers(error.message);
  }
}
