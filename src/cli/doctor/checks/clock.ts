import { createPublicKey } from 'node:crypto';
import { isBulkheadError } from '../../../common/errors/bulkhead-error.js';
import { keyIdOf } from '../../../policy/index.js';
import { readHostTime } from '../../../vm/documents/index.js';
import { instancePaths } from '../../../vm/instance/paths.js';
import { type Check, ok, problem, warning } from '../check.js';
import { imageOrError } from './image.js';

/** Milliseconds; a clock that is corrected goes back by less. */
const corrected = 3_600_000;

interface Facts {
  readonly now: number;
  /** When Debian signed the index of the image's packages; undefined without an image. */
  readonly imageFrom: string | undefined;
  /** The highest time that was seen under a policy of the image's key, in milliseconds. */
  readonly seen: number | undefined;
}

/** By the clock a policy ends and certificates are valid; the VM has the host's. */
export const clockCheck: Check<Facts> = {
  name: 'clock',
  async gather(site) {
    const image = await imageOrError(site);
    const facts = { now: site.machine.now(), imageFrom: undefined, seen: undefined };
    if (isBulkheadError(image)) return facts;
    const { policyKey, suite } = image.manifest;
    const { policyRecords } = instancePaths(site.name);
    const seen =
      policyKey === undefined ? undefined : readHostTime(policyRecords, keyIdOf(createPublicKey(policyKey)));
    return { ...facts, imageFrom: suite.date, seen: seen?.time };
  },
  judge({ now, imageFrom, seen }) {
    const says = new Date(now).toISOString();
    const cure = 'Set the clock (`timedatectl set-ntp true`, or `sudo date -s …`).';
    if (imageFrom !== undefined && now < Date.parse(imageFrom))
      return [
        problem(`it says ${says}, which is before the image's packages were made (${imageFrom})`, cure),
      ];
    if (seen !== undefined && now < seen - corrected)
      return [
        warning(
          `it says ${says}, but under this organization's policies ${new Date(seen).toISOString()} was seen here; a policy that had ended by then stays ended`,
          cure,
        ),
      ];
    return [ok(says)];
  },
};
