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
}

/**
 * Repositories with `*` in their path, to be found by a repository without. A tree of the parts of the path: of ten thousand entries only
 * those are tried whose parts begin like the repository's.
 */
export class RepositoryGlobs<Entry> {
  readonly #root = emptyLevel<Entry>();

  add(repository: string, entry: Entry): void {
    let level = this.#root;
    for (const part of repository.split('/'))
      level = part.includes('*') ? globLevel(level, part) : literalLevel(level, part);
    level.entries.push(entry);
  }

  /** The entries of every pattern that fits. */
  find(repository: string): readonly Entry[] {
    let levels = [this.#root];
    for (const part of repository.split('/')) levels = levels.flatMap((level) => below(level, part));
    return levels.flatMap(({ entries }) => entries);
  }
}

function emptyLevel<Entry>(): Level<Entry> {
  return { literal: new Map(), globs: new Map(), byPrefix: new Map(), entries: [] };
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

function below<Entry>({ literal, byPrefix }: Level<Entry>, part: string): Level<Entry>[] {
  const found: Level<Entry>[] = [];
  const exact = literal.get(part);
  if (exact !== undefined) found.push(exact);
  for (let length = 0; byPrefix.size > 0 && length <= part.length; length += 1)
    for (const { pattern, next } of byPrefix.get(part.slice(0, length)) ?? [])
      if (pattern.test(part)) found.push(next);
  return found;
}
