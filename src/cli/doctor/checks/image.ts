import { type BulkheadError, isBulkheadError } from '../../../common/errors/bulkhead-error.js';
import { type Check, type Finding, ok, problemOf, warning } from '../check.js';
import type { FoundImage, Site } from '../site.js';

/** Days; Debian has published many security fixes by then. */
const oldPackages = 60;
const dayMs = 86_400_000;

interface Facts {
  readonly image: FoundImage | BulkheadError;
  readonly now: number;
}

export const imageCheck: Check<Facts> = {
  name: 'image',
  gather: async (site) => ({ image: await imageOrError(site), now: site.machine.now() }),
  judge({ image, now }) {
    if (isBulkheadError(image)) return [problemOf(image)];
    const { directory, manifest } = image;
    const { flavour, suite } = manifest;
    const findings: Finding[] = [ok(`${directory}, intact; packages of ${suite.date.slice(0, 10)}`)];
    if (flavour === 'debug')
      findings.push(
        warning(
          'it is a debug image, which has a shell and is not hardened',
          'Use a release image: `bulkhead image build`.',
        ),
      );
    const days = Math.floor((now - Date.parse(suite.date)) / dayMs);
    if (days > oldPackages)
      findings.push(
        warning(
          `its packages are ${days} days old`,
          'Build it anew for their security fixes: `bulkhead image build --force`.',
        ),
      );
    else if (suite.expired)
      findings.push(
        warning(
          'its packages come from an index that was past its validity, so newer ones may have been held back',
          'Build it anew from a mirror that is kept up to date (`--mirror`, `--force`; `--strict` takes no other).',
        ),
      );
    return findings;
  },
};

/** What is wrong with the image is this check's to tell; to the others it is a fact. */
export async function imageOrError(site: Pick<Site, 'image'>): Promise<FoundImage | BulkheadError> {
  try {
    return await site.image();
  } catch (error) {
    if (isBulkheadError(error)) return error;
    throw error;
  }
}
