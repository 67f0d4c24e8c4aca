import { type ImagePattern, parseImagePattern, parseImageReference } from '../../common/image-reference.js';
import { RepositoryGlobs } from '../../common/repository-globs.js';

/** What is believed of an image, for a list of images to be held against (`believed-image.ts`). */
export interface KnownImage {
  /** `sha256:` and 64 hexadecimal digits. */
  readonly id: string;
  /** Names with a tag, in full form, that a registry gave this image. */
  readonly names: readonly string[];
  /** Names with a digest, in full form; the digest alone where the engine gives every image digests of every name it has. */
  readonly digests: readonly string[];
}

/** What of an entry comes after its repository. */
type Version = { readonly tag: string } | { readonly digest: string };

/**
 * A list of images, indexed: 10,000 entries must not cost a container's start more than one does. Names are found by their repository,
 * those with `*` in the path by its parts.
 */
export class ImageList {
  readonly #every: boolean;
  readonly #ids = new Set<string>();
  /** Full form with digest. */
  readonly #digests = new Set<string>();
  /** The digest alone of every entry with one. */
  readonly #contents = new Set<string>();
  /** Repository to tags. */
  readonly #tags = new Map<string, Set<string>>();
  readonly #globs = new RepositoryGlobs<Version>();
  readonly empty: boolean;

  /** @param entries what is no entry (`parseImagePattern`) matches nothing; the policy was checked for that. */
  constructor(entries: readonly string[]) {
    const patterns = entries.flatMap((entry) => parseImagePattern(entry) ?? []);
    this.empty = patterns.length === 0;
    this.#every = patterns.some(({ kind }) => kind === 'every');
    for (const pattern of patterns) this.#add(pattern);
  }

  matches(image: KnownImage): boolean {
    return (
      this.#every ||
      this.#ids.has(image.id) ||
      image.digests.some((digest) => this.#matchesDigest(digest)) ||
      image.names.some((name) => this.matchesName(name))
    );
  }

  /** Whether a name is listed, whatever image has it. */
  matchesName(name: string): boolean {
    const { repository = '', tag = 'latest' } = parseImageReference(name) ?? {};
    const tags = this.#tags.get(repository);
    if (tags?.has(tag) === true || tags?.has('*') === true) return true;
    return this.#globs
      .find(repository)
      .some((version) => 'tag' in version && [tag, '*'].includes(version.tag));
  }

  #matchesDigest(name: string): boolean {
    // Without a name in front, which would begin with a registry.
    if (!name.includes('/')) return this.#contents.has(name);
    if (this.#digests.has(name)) return true;
    const { repository = '', digest } = parseImageReference(name) ?? {};
    if (this.#tags.get(repository)?.has('*') === true) return true;
    return this.#globs
      .find(repository)
      .some((version) => ('tag' in version ? version.tag === '*' : version.digest === digest));
  }

  #add(pattern: ImagePattern): void {
    if (pattern.kind === 'every') return;
    if (pattern.kind === 'digest') this.#contents.add(pattern.digest);
    if (pattern.kind === 'id') this.#ids.add(pattern.id);
    else if (pattern.repository.includes('*'))
      this.#globs.add(
        pattern.repository,
        pattern.kind === 'tag' ? { tag: pattern.tag } : { digest: pattern.digest },
      );
    else if (pattern.kind === 'digest') this.#digests.add(`${pattern.repository}@${pattern.digest}`);
    else {
      const tags = this.#tags.get(pattern.repository) ?? new Set();
      this.#tags.set(pattern.repository, tags.add(pattern.tag));
    }
  }
}
