/** One part of a path that holds `*`, and what may follow it. */
interface GlobPart<Entry> {
  readonly pattern: RegExp;
  readonly next: Level<Entry>;
}

interface Level<Entry> {
  readonly literal: Map<string, Level<Entry>>;
  /** By the part itself, so that each is there once. */
  readonly globs: Map<string, GlobPart<Entry>>;
  /** The same by what they have before their first `*`. */
  readonly byPrefix: Map<string, GlobPart<Entry>[]>;
  readonly entries: Entry[];
  /** Of what is anywhere below. */
  readonly below: Entry[];
}

/**
 * Repositories with `*` in their path, to be found by a repository without. A tree of the parts of the path: of ten thousand entries only
 * those are tried whose parts begin like the repository's.
 */
export class RepositoryGlobs<Entry> {
  readonly #root = emptyLevel<Entry>();

  add(repository: string, entry: Entry): void {
    this.#levelOf(repository).entries.push(entry);
  }

  /** For every repository that has this one's parts in front of its own, at any depth. */
  addBelow(repository: string, entry: Entry): void {
    this.#levelOf(repository).below.push(entry);
  }

  /** The entries of every pattern that fits. */
  find(repository: string): readonly Entry[] {
    const found: Entry[] = [];
    let levels = [this.#root];
    for (const part of repository.split('/')) {
      for (const level of levels) found.push(...level.below);
      levels = levels.flatMap((level) => next(level, part));
    }
    for (const { entries } of levels) found.push(...entries);
    return found;
  }

  #levelOf(repository: string): Level<Entry> {
    let level = this.#root;
    for (const part of repository.split('/'))
      level = part.includes('*') ? globLevel(level, part) : literalLevel(level, part);
    return level;
  }
}

function emptyLevel<Entry>(): Level<Entry> {
  return { literal: new Map(), globs: new Map(), byPrefix: new Map(), entries: [], below: [] };
}

function literalLevel<Entry>({ literal }: Level<Entry>, part: string): Level<Entry> {
  const found = literal.get(part) ?? emptyLevel();
  literal.set(part, found);
  return found;
}

function globLevel<Entry>({ globs, byPrefix }: Level<Entry>, part: string): Level<Entry> {
  const known = globs.get(part);
  if (known !== undefined) return known.next;
  const [prefix = '', ...rest] = part.split('*').map((text) => text.replaceAll('.', String.raw`\.`));
  const glob = { pattern: new RegExp(`^${[prefix, ...rest].join('.*')}$`), next: emptyLevel<Entry>() };
  globs.set(part, glob);
  const key = part.slice(0, part.indexOf('*'));
  const others = byPrefix.get(key);
  if (others === undefined) byPrefix.set(key, [glob]);
  else others.push(glob);
  return glob.next;
}

function next<Entry>({ literal, byPrefix }: Level<Entry>, part: string): Level<Entry>[] {
  const found: Level<Entry>[] = [];
  const exact = literal.get(part);
  if (exact !== undefined) found.push(exact);
  for (let length = 0; byPrefix.size > 0 && length <= part.length; length += 1)
    for (const glob of byPrefix.get(part.slice(0, length)) ?? [])
      if (glob.pattern.test(part)) found.push(glob.next);
  return found;
}
