import { type ImagePattern, parseImagePattern, parseImageReference } from '../../common/image-reference.js';

/** What is believed of an image, for a list of images to be held against (`believed-image.ts`). */
export interface KnownImage {
  /** `sha256:` and 64 hexadecimal digits. */
  readonly id: string;
  /** Names with a tag, in full form, that a registry gave this image. */
  readonly names: readonly string[];
  /** Names with a digest, in full form. */
  readonly digests: readonly string[];
}

interface Glob {
  readonly repository: RegExp;
  readonly tag?: string;
  readonly digest?: string;
}

/**
 * A list of images, indexed: 10,000 entries must not cost a container's start more than one does. Names are found by their repository,
 * those with `*` in the path by what stands before it.
 */
export class ImageList {
  readonly #every: boolean;
  readonly #ids = new Set<string>();
  /** Full form with digest. */
  readonly #digests = new Set<string>();
  /** Repository to tags. */
  readonly #tags = new Map<string, Set<string>>();
  /** By the parts of the path before the first that holds `*`. */
  readonly #globs = new Map<string, Glob[]>();
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
    return this.#globsFor(repository).some(
      (glob) => (glob.tag === tag || glob.tag === '*') && glob.repository.test(repository),
    );
  }

  #matchesDigest(name: string): boolean {
    if (this.#digests.has(name)) return true;
    const { repository = '', digest } = parseImageReference(name) ?? {};
    if (this.#tags.get(repository)?.has('*') === true) return true;
    return this.#globsFor(repository).some(
      (glob) => (glob.tag === '*' || glob.digest === digest) && glob.repository.test(repository),
    );
  }

  #add(pattern: ImagePattern): void {
    if (pattern.kind === 'every') return;
    if (pattern.kind === 'id') this.#ids.add(pattern.id);
    else if (pattern.repository.includes('*')) this.#addGlob(pattern);
    else if (pattern.kind === 'digest') this.#digests.add(`${pattern.repository}@${pattern.digest}`);
    else {
      const tags = this.#tags.get(pattern.repository) ?? new Set();
      this.#tags.set(pattern.repository, tags.add(pattern.tag));
    }
  }

  #addGlob(pattern: Extract<ImagePattern, { repository: string }>): void {
    const parts = pattern.repository.split('/');
    const before = parts
      .slice(
        0,
        parts.findIndex((part) => part.includes('*')),
      )
      .join('/');
    const source = pattern.repository
      .split('*')
      .map((text) => text.replaceAll(/[.[\]+]/g, String.raw`\$&`))
      .join('[^/]*');
    const glob: Glob = {
      repository: new RegExp(`^${source}$`),
      ...(pattern.kind === 'tag' ? { tag: pattern.tag } : { digest: pattern.digest }),
    };
    const others = this.#globs.get(before);
    if (others === undefined) this.#globs.set(before, [glob]);
    else others.push(glob);
  }

  #globsFor(repository: string): readonly Glob[] {
    if (this.#globs.size === 0) return [];
    const parts = repository.split('/');
    return parts.flatMap((_, count) => this.#globs.get(parts.slice(0, count).join('/')) ?? []);
  }
}
