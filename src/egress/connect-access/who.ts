import { matchesGlob } from '../../common/glob.js';
import {
  type ImagePattern,
  type ImageReference,
  parseImagePattern,
  parseImageReference,
} from '../../common/image-reference.js';

/** Who opens a connection. Found by the source address alone, never by what is said on it. One object for as long as it is the same client: what is found out about it is remembered by that. */
export type Who =
  /** dockerd with its builder, and containerd. */
  | { readonly kind: 'engine' }
  | {
      readonly kind: 'container';
      readonly id: string;
      readonly name: string;
      /** Of the image it was made from: id, names with a tag and names with a digest, in full form. What is not known is left out: then no rule for images is for it. */
      readonly image: readonly string[];
      readonly labels: Readonly<Record<string, string>>;
    }
  /** In a network of the engine's, and no container Docker knows: a step of a build. */
  | { readonly kind: 'build' };

/** By which one client is told from another. All steps of builds are one: nobody knows which is whose. */
export function clientKey(who: Who): string {
  return who.kind === 'container' ? `container ${who.id}` : who.kind;
}

/** For whom a rule is: whoever has one of the images and all of the labels. */
export interface Selector {
  readonly images: readonly ImagePattern[];
  readonly labels: readonly string[];
}

/** @throws for what is no pattern, which a policy that was read has none of: left out, a rule for one image would be for all. */
export function selectorOf(images: readonly string[], labels: readonly string[]): Selector {
  const patterns = images.map((text) => {
    const pattern = parseImagePattern(text);
    if (pattern === undefined) throw new TypeError(`${text} is not the name of an image`);
    return pattern;
  });
  return { images: patterns, labels };
}

/** More is more specific: an image says more of a container than a label, which whoever starts it writes. */
export function specificityOf({ images, labels }: Selector): number {
  return (images.length > 0 ? 2 : 0) + (labels.length > 0 ? 1 : 0);
}

/** Which selectors are for somebody. What is known of the image is read once: there can be as many selectors as rules. */
export function isFor(who: Who): (selector: Selector) => boolean {
  if (who.kind !== 'container') return ({ images, labels }) => images.length === 0 && labels.length === 0;
  const known = who.image.map((name) => ({ name, reference: parseImageReference(name) }));
  return ({ images, labels }) =>
    (images.length === 0 || images.some((pattern) => known.some((image) => isOf(image, pattern)))) &&
    labels.every((label) => hasLabel(who.labels, label));
}

interface KnownName {
  readonly name: string;
  readonly reference: ImageReference | undefined;
}

function hasLabel(labels: Readonly<Record<string, string>>, label: string): boolean {
  const at = label.indexOf('=');
  const key = at < 0 ? label : label.slice(0, at);
  return Object.hasOwn(labels, key) && (at < 0 || labels[key] === label.slice(at + 1));
}

/** Whether a name is of a pattern, as in lists of images elsewhere: a tag is `latest` where a pattern has none, and of a name with a digest only the digest or `*` counts. */
function isOf({ name, reference }: KnownName, pattern: ImagePattern): boolean {
  if (pattern.kind === 'every') return true;
  if (pattern.kind === 'id') return name === pattern.id;
  if (reference === undefined || !isOfRepository(reference.repository, pattern.repository)) return false;
  const { digest, tag = 'latest' } = reference;
  if (pattern.kind === 'digest') return digest === pattern.digest;
  return pattern.tag === '*' || (digest === undefined && tag === pattern.tag);
}

/** `*` for any characters of one part of the path. */
function isOfRepository(repository: string, pattern: string): boolean {
  if (!pattern.includes('*')) return repository === pattern;
  const [parts, wanted] = [repository.split('/'), pattern.split('/')];
  return (
    parts.length === wanted.length && wanted.every((part, index) => matchesGlob(parts[index] ?? '', part))
  );
}
