import type { CanonicalImage } from '../names/canonical-image.js';
import type { Verdict } from '../verdict.js';
import { decideImage } from './decide-image.js';
import { decidePresent } from './decide-present.js';
import { type ImageRules, imageSetting } from './image-rules.js';

/** Where an image that is there comes from, as it was noted when it came. Nothing of it is what somebody called the image since. */
export interface ImageOrigin {
  /** What it was pulled by, with the digest the registry gave. */
  readonly names: readonly CanonicalImage[];
  /** Of the pulled images whose layers are its lowest the one with most of them. */
  readonly base?: { readonly names: readonly CanonicalImage[]; readonly layers: number };
  /** The lowest first. */
  readonly layers: readonly LayerOrigin[];
}

/** Repositories, with the digest the layer itself has there. */
export interface LayerOrigin {
  /** It was pulled from them, by builds as well. */
  readonly from: readonly CanonicalImage[];
  /** It was pushed to them: it could be pulled from there now. */
  readonly to: readonly CanonicalImage[];
}

/**
 * Whether a container may be made of an image that is there. What was pulled is held against the names it was pulled by; what was made here against those of the image
 * it was made of, and each other layer against the repositories it came from. Threat: `docker tag`, `commit`, `build` and `save` with `load` make another image
 * of the same files. A layer that no registry gave was made here.
 */
export function decideOrigin(
  rules: ImageRules,
  { names, base, layers }: ImageOrigin,
  contact: string,
): Verdict {
  if (names.length > 0) return decidePresent(rules, names, contact);
  const below = decidePresent(rules, base?.names ?? [], contact);
  const above = layers.slice(base?.layers ?? 0).map((layer) => ofLayer(rules, layer, contact));
  return [below, ...above].find(({ verdict }) => verdict === 'refuse') ?? below;
}

/**
 * One repository that is admitted is enough, since from it the same layer could be pulled now. Where rules are for some of its versions, a layer alone does not say
 * which it is of.
 */
function ofLayer(rules: ImageRules, { from, to }: LayerOrigin, contact: string): Verdict {
  if (from.length === 0) return { verdict: 'permit', place: imageSetting };
  const verdicts = [...from, ...to].map((image) => decideImage(rules, { image, access: 'pull', contact }));
  const [first = { verdict: 'permit', place: imageSetting }] = verdicts;
  return verdicts.find(({ verdict }) => verdict === 'permit') ?? first;
}
