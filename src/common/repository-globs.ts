import { matchesGlob } from './glob.js';

/** One part of a path that holds `*`, and what may follow it. */
interface GlobPart<Entry> {
  readonly pattern: string;
  readonly next: Level<Entry>;
}

/** What is absent is empty: most levels of a long list have one part below them, and a map for each would be most of its memory. */
interface Level<Entry> {
  literal?: Map<string, Level<Entry>>;
  /** By the part itself, so that each is there once. */
  globs?: Map<string, GlobPart<Entry>>;
  /** The same by what they have before their first `*`. */
  byPrefix?: Map<string, GlobPart<Entry>[]>;
  entries?: Entry[];
  /** Of what is anywhere below. */
  below?: Entry[];
}

/**
 * Repositories with `*` in their path, to be found by a repository without. A tree of the parts of the path: of ten thousand entries only
 * those are tried whose parts begin like the repository's.
 */
export class RepositoryGlobs<Entry> {
  readonly #root: Level<Entry> = {};

  add(repository: string, entry: Entry): void {
    const level = this.#levelOf(repository);
    level.entries ??= [];
    level.entries.push(entry);
  }

  /** For every repository that has this one's parts in front of its own, at any depth. */
  addBelow(repository: string, entry: Entry): void {
    const level = this.#levelOf(repository);
    level.below ??= [];
    level.below.push(entry);
  }

  /** The entries of every pattern that fits. */
  find(repository: string): readonly Entry[] {
    const found: Entry[] = [];
    let levels = [this.#root];
    for (const part of repository.split('/')) {
      for (const { below = [] } of levels) found.push(...below);
      levels = levels.flatMap((level) => next(level, part));
    }
    for (const { entries = [] } of levels) found.push(...entries);
    return found;
  }

  #levelOf(repository: string): Level<Entry> {
    let level = this.#root;
    for (const part of repository.split('/'))
      level = part.includes('*') ? globLevel(level, part) : literalLevel(level, part);
    return level;
  }
}

function literalLevel<Entry>(level: Level<Entry>, part: string): Level<Entry> {
  level.literal ??= new Map();
  const found = level.literal.get(part) ?? {};
  level.literal.set(part, found);
  return found;
}

function globLevel<Entry>(level: Level<Entry>, part: string): Level<Entry> {
  level.globs ??= new Map();
  level.byPrefix ??= new Map();
  const known = level.globs.get(part);
  if (known !== undefined) return known.next;
  const glob: GlobPart<Entry> = { pattern: part, next: {} };
  level.globs.set(part, glob);
  const key = part.slice(0, part.indexOf('*'));
  const others = level.byPrefix.get(key);
  if (others === undefined) level.byPrefix.set(key, [glob]);
  else others.push(glob);
  return glob.next;
}

function next<Entry>({ literal, byPrefix }: Level<Entry>, part: string): Level<Entry>[] {
  const found: Level<Entry>[] = [];
  const exact = literal?.get(part);
  if (exact !== undefined) found.push(exact);
  if (byPrefix === undefined) return found;
  for (let length = 0; length <= part.length; length += 1)
    for (const glob of byPrefix.get(part.slice(0, length)) ?? [])
      if (matchesGlob(part, glob.pattern)) found.push(glob.next);
  return found;
}
