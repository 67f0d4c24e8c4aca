import { parseHost } from './authority.js';
import { isRepositoryPath } from './image-reference.js';
import { hub, parseRegistryName } from './registry-name.js';

/** One entry of a list of repositories, with its registry. */
export interface RepositoryPattern {
  /** In a part of the path, `*` stands for any characters; the registry may begin with `*.`. */
  readonly repository: string;
  /** It ended in `/**`: everything below, at any depth, and not the repository itself. */
  readonly below: boolean;
}

const partForm = /^[a-z0-9*._-]{1,255}$/;
const everythingBelow = '/**';

/**
 * Reads `ghcr.io/acme/*`, `quay.io/**`, `*.example.com/**` or `docker.io/library/nginx`, and names without a registry as Docker reads them. Only a pattern that
 * names a registry is for it, so there is none for all of them.
 */
export function parseRepositoryPattern(text: string): RepositoryPattern | undefined {
  const below = text.endsWith(everythingBelow);
  const [first = '', ...rest] = (below ? text.slice(0, -everythingBelow.length) : text).split('/');
  const named = isRegistry(first) && (below || rest.length > 0);
  const registry = named ? parseRegistryPattern(first) : hub;
  const path = named ? rest : [first, ...rest];
  if (registry === undefined || !path.every(isPart)) return undefined;
  const official = registry === hub && path.length === 1 && !below;
  return { repository: [registry, ...(official ? ['library'] : []), ...path].join('/'), below };
}

/** A registry, or a repository or what is in front of several: `docker.io`, `docker.io/library`. No `*`, and nothing is added to it. */
export function parseRepositoryPrefix(text: string): string | undefined {
  const [first = '', ...path] = text.split('/');
  const registry = isRegistry(first) ? parseRegistryName(first) : undefined;
  if (registry === undefined || (path.length > 0 && !isRepositoryPath(path.join('/')))) return undefined;
  return [registry, ...path].join('/');
}

/** One that no repository could have would be a rule for none. */
function isPart(part: string): boolean {
  return part.includes('*') ? partForm.test(part) && !part.includes('**') : isRepositoryPath(part);
}

/** As in the name of an image (distribution/reference). */
function isRegistry(first: string): boolean {
  return /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
}

function parseRegistryPattern(text: string): string | undefined {
  if (!text.startsWith('*.')) return parseRegistryName(text);
  const [, name = '', port = ''] = /^\*\.([^:]*)(:\d{1,5})?$/.exec(text) ?? [];
  if (parseHost(name)?.kind !== 'name') return undefined;
  // As what is below is called: `io` itself would be a registry only with its port, and a host of the Hub the Hub.
  const registry = parseRegistryName(`x.${name}${port}`);
  return registry === undefined ? undefined : `*${registry.slice(1)}`;
}
