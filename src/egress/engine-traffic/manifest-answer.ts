import { createHash } from 'node:crypto';
import { z } from 'zod';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { isDigest } from '../../common/image-reference.js';
import { contentsOf } from '../image-access/known-contents.js';
import { type CanonicalImage, imageText } from '../names/canonical-image.js';
import type { Permit } from '../verdict.js';

/** Of a manifest, bytes: as much as dockerd takes (distribution, `maxManifestBodySize`). */
export const longestManifest = 4 * 1024 * 1024;

export interface ManifestAnswer {
  readonly image: CanonicalImage;
  /** `Docker-Content-Digest`. */
  readonly said: string | undefined;
  readonly permit: Permit;
  readonly contact: string;
}

/** What was pulled, by its contents; verified. */
export interface SoundManifest {
  readonly digest: string;
  /** Of an image; none where it is an index, or something else. */
  readonly config: string | undefined;
  /** Everything it names. */
  readonly contents: readonly string[];
}

/**
 * Holds a manifest against the digest it was asked for or is said to have, and against the rules that are about digests. Threat: a registry that gives another content than
 * is pinned: the engine would see that of a digest it asked for, never of a tag.
 *
 * @throws BulkheadError
 */
export function checkManifest(bytes: Buffer, answer: ManifestAnswer): SoundManifest {
  const { image, said } = answer;
  if (said !== undefined && !isDigest(said)) throw unsound(answer, 'it says a digest that is none');
  const wanted = image.digest ?? said;
  const digest = digestLike(wanted ?? 'sha256:', bytes);
  if (wanted !== undefined && digest !== wanted) throw unsound(answer, `it is not ${wanted} but ${digest}`);
  // Threat: what rules name by the one algorithm, asked for or said by another.
  checkDigest(digest, answer, digestLike('sha256:', bytes));
  return { digest, config: configOf(bytes), contents: contentsOf(bytes.toString()) };
}

/**
 * The same of an answer without contents: to HEAD.
 *
 * @param usual the same by the algorithm everybody has, where that is known.
 */
export function checkDigest(
  digest: string,
  { image, permit, contact }: ManifestAnswer,
  usual = digest,
): void {
  const { digests, deniedDigests } = permit;
  const what = imageText({ ...image, digest });
  const refuse = (reason: string, place: string): never => {
    throw new BulkheadError('BH_IMAGE_ACCESS', { reason, what, place, contact });
  };
  const denying = deniedDigests?.get(digest) ?? deniedDigests?.get(usual);
  if (denying !== undefined) refuse('a rule denies its contents', denying);
  if (digests !== undefined && !digests.has(digest) && !digests.has(usual))
    refuse('its contents are none of those allowed', permit.place);
}

function unsound({ image, contact }: ManifestAnswer, reason: string): BulkheadError {
  const host = image.repository.split('/')[0] ?? '';
  return new BulkheadError('BH_REGISTRY_ANSWER', {
    host,
    reason: `of the manifest of ${imageText(image)}, ${reason}`,
    contact,
  });
}

function digestLike(wanted: string, bytes: Buffer): string {
  const [algorithm = ''] = wanted.split(':');
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

const imageSchema = z.object({ config: z.object({ digest: z.string().refine(isDigest) }) });

function configOf(bytes: Buffer): string | undefined {
  try {
    return imageSchema.parse(JSON.parse(bytes.toString())).config.digest;
  } catch {
    return undefined;
  }
}
