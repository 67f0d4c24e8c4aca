import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { CanonicalImage } from '../names/canonical-image.js';
import type { Verdict } from '../verdict.js';
import { decideImage } from './decide-image.js';
import { type ImageRules, imageSetting } from './image-rules.js';

/**
 * Whether a container may be made of an image that is there. One name the rules admit is enough, since by it the same content could be pulled now; a content
 * that a rule denies by its digest is not admitted by any name. What was never pulled was made here, of images that were.
 *
 * @param names it was pulled by, as they were remembered then, with the digest the registry gave. Not what the engine calls it: `docker tag` gives any image any name.
 */
export function decidePresent(rules: ImageRules, names: readonly CanonicalImage[], contact: string): Verdict {
  const verdicts = names.map((image) => ({
    image,
    verdict: decideImage(rules, { image, access: 'pull', contact }),
  }));
  const refused = verdicts.find(({ verdict }) => verdict.verdict === 'refuse')?.verdict;
  const permitted = verdicts.find(({ verdict }) => verdict.verdict === 'permit')?.verdict;
  if (refused === undefined || permitted === undefined)
    return refused ?? permitted ?? { verdict: 'permit', place: imageSetting };
  const denied = verdicts.find(
    ({ image, verdict }) => image.digest !== undefined && isDenied(rules, image, verdict),
  );
  return denied?.verdict ?? permitted;
}

/** By its digest, and not by its repository or its tag. */
function isDenied(rules: ImageRules, { digest }: CanonicalImage, verdict: Verdict): boolean {
  return verdict.verdict === 'refuse' && digest !== undefined && rules.deniedDigests.has(digest);
}

/** `docker load`, `docker import` and builds from archives. */
export function decideLoad({ load }: ImageRules, what: string, contact: string): Verdict {
  const place = `${imageSetting}.load`;
  if (load === 'allow') return { verdict: 'permit', place };
  const reason = 'images out of archives not allowed';
  return { verdict: 'refuse', error: new BulkheadError('BH_IMAGE_ACCESS', { reason, what, place, contact }) };
}
