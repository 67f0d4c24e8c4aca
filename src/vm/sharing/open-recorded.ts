import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { closeShares, distinctShares, type PlacedShare } from './open-shares.js';
import { recordOfOpened, type RecordedShare } from './recorded-shares.js';

/** What is found there changes when another engine or VM starts or ends. */
const mostRounds = 8;

/**
 * Opens and judges what is shared, says so, and judges it once more, until what was said is what there is. Threat: two that start at the same time. One that says what it goes by
 * and then sees our record without it hidden is refused; one that said so before we looked is found by the look after.
 *
 * @param open each call judges anew. The handles that are given back are the caller's to close, and none is left open when this throws.
 */
export async function openRecorded(
  open: () => Promise<readonly PlacedShare[]>,
  record: (shares: readonly RecordedShare[]) => Promise<void>,
): Promise<readonly PlacedShare[]> {
  let said = '';
  for (let round = 0; round < mostRounds; round += 1) {
    const opened = await open();
    const shares = await Promise.all(distinctShares(opened).map(recordOfOpened));
    if (said === JSON.stringify(shares)) return opened;
    await closeShares(opened);
    await record(shares);
    said = JSON.stringify(shares);
  }
  throw new BulkheadError('BH_SHARE_UNUSABLE', {
    path: 'what is to be shared',
    reason: 'what lies in it is another at each look',
  });
}
