import { parseRepositoryPrefix } from '../../common/repository-pattern.js';
import { fullPath } from '../../common/registry-name.js';
import type { ImageAccess } from '../../policy/index.js';

/** Sources by their mirrors: registries, or what is in front of a repository's name. */
export type Mirrors = ReadonlyMap<string, string>;

export function compileMirrors(mirrors: NonNullable<ImageAccess['mirrors']>): Mirrors {
  return new Map(
    mirrors.flatMap(({ source, mirror }) => {
      const [from, to] = [parseRepositoryPrefix(mirror), parseRepositoryPrefix(source)];
      return from === undefined || to === undefined ? [] : [[from, to] as const];
    }),
  );
}

/**
 * The repository whose images a mirror has under this name; undefined where it is no mirror's. The longest name of a mirror counts, and it is followed
 * once: a mirror of a mirror is named with its source.
 */
export function sourceOf(mirrors: Mirrors, repository: string): string | undefined {
  for (
    let end = mirrors.size === 0 ? -1 : repository.length;
    end > 0;
    end = repository.lastIndexOf('/', end - 1)
  ) {
    const source = mirrors.get(repository.slice(0, end));
    if (source === undefined) continue;
    const [registry = '', ...path] = `${source}${repository.slice(end)}`.split('/');
    if (path.length > 0) return `${registry}/${fullPath(registry, path.join('/'))}`;
  }
  return undefined;
}

/** What a repository of a source is called at its mirrors. */
export function mirroredNames(mirrors: Mirrors, repository: string): string[] {
  return [...mirrors].flatMap(([mirror, source]) =>
    repository === source || repository.startsWith(`${source}/`)
      ? [`${mirror}${repository.slice(source.length)}`]
      : [],
  );
}
