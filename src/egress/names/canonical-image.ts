import { type Authority, parseAuthority } from '../../common/authority.js';
import { parseImageReference } from '../../common/image-reference.js';
import { fullPath, registryName } from '../../common/registry-name.js';

/** An image by the names it has for every rule, whoever asks for it and however it is written. */
export interface CanonicalImage {
  /** As `docker.io/library/nginx`. */
  readonly repository: string;
  readonly tag?: string | undefined;
  readonly digest?: string | undefined;
}

/** An image somebody has written down, and where the engine would ask for it. */
export interface NamedImage extends CanonicalImage {
  /** The registry as it is written; the Hub's is asked at another host. */
  readonly authority: Authority;
}

/**
 * The name of an image as Docker takes it, in the one form the rules are held against. Stricter than Docker in what is the registry: a host that is read in several
 * ways (`0x7f.1`, `10.0.0.05`), or a port that is none, has no name here.
 */
export function canonicalImage(text: string): NamedImage | undefined {
  const reference = parseImageReference(text);
  if (reference === undefined) return undefined;
  const { repository, tag, digest } = reference;
  const slash = repository.indexOf('/');
  const authority = parseAuthority(repository.slice(0, slash));
  if (authority === undefined) return undefined;
  const name = repositoryName(authority, repository.slice(slash + 1));
  // As Docker adds it: where there is neither.
  const named = tag ?? (digest === undefined ? 'latest' : undefined);
  return { authority, repository: name, tag: named, digest };
}

/** A repository by the path that its registry is asked for. */
export function repositoryName({ host, port }: Authority, path: string): string {
  const registry = registryName(host, port);
  return `${registry}/${fullPath(registry, path)}`;
}

export function imageText({ repository, tag, digest }: CanonicalImage): string {
  return `${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}
