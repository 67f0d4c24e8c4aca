/** The name of an image in Docker's full form: `docker:cli` is `docker.io/library/docker`, tag `cli`. */
export interface ImageReference {
  /** With registry and path. */
  readonly repository: string;
  readonly tag?: string;
  /** As `sha256:` and 64 hexadecimal digits. */
  readonly digest?: string;
}

/** One entry of a list of images. */
export type ImagePattern =
  | { readonly kind: 'every' }
  /** The id of an image, hence of exactly one content. */
  | { readonly kind: 'id'; readonly id: string }
  /** In a repository that holds `*`, it stands for any characters of one part of the path. */
  | { readonly kind: 'digest'; readonly repository: string; readonly digest: string }
  /** `*` for any tag. */
  | { readonly kind: 'tag'; readonly repository: string; readonly tag: string };

const imageIdForm = /^sha256:[0-9a-f]{64}$/;
/** The algorithms the OCI image specification registers, in dockerd's spelling (go-digest). */
const digestForm = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;
const tagForm = /^\w[\w.-]{0,127}$/;
const domain = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const registryForm = new RegExp(String.raw`^(?:${domain}(?:\.${domain})*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$`);
/** Of a repository's path, as dockerd has it. */
const longestPath = 255;
const pathForm = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const pathPatternForm = /^[a-z0-9*._-]+$/;
const defaultRegistry = 'docker.io';

/**
 * Reads the name of an image as Docker does (distribution/reference, ParseNormalizedNamed).
 *
 * @returns undefined for what is no name, an image id for one.
 */
export function parseImageReference(text: string): ImageReference | undefined {
  const parts = split(text, pathForm);
  if (parts === undefined || (parts.tag !== undefined && !tagForm.test(parts.tag))) return undefined;
  // What looks like an image id is one, and never a name.
  return /^[0-9a-f]{64}$/.test(text) ? undefined : parts;
}

/**
 * Reads an entry of a list of images: `*`, an image id, or a name with a tag (`latest` where there is none), with the tag `*`, or with a digest.
 *
 * @returns undefined for anything else.
 */
export function parseImagePattern(text: string): ImagePattern | undefined {
  if (text === '*') return { kind: 'every' };
  if (imageIdForm.test(text)) return { kind: 'id', id: text };
  const parts = split(text, pathPatternForm);
  if (parts === undefined) return undefined;
  const { repository, tag = 'latest', digest } = parts;
  if (digest !== undefined) return { kind: 'digest', repository, digest };
  return tag === '*' || tagForm.test(tag) ? { kind: 'tag', repository, tag } : undefined;
}

function split(text: string, component: RegExp): ImageReference | undefined {
  const [named = '', digest, ...more] = text.split('@');
  if (more.length > 0 || (digest !== undefined && !digestForm.test(digest))) return undefined;
  const colon = named.lastIndexOf(':');
  const hasTag = colon > named.lastIndexOf('/');
  const repository = fullRepository(hasTag ? named.slice(0, colon) : named, component);
  if (repository === undefined) return undefined;
  return {
    repository,
    ...(hasTag ? { tag: named.slice(colon + 1) } : {}),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The first part is a registry where it could not be anything else, or is `localhost`. */
function fullRepository(name: string, component: RegExp): string | undefined {
  const [first = '', ...rest] = name.split('/');
  const isRegistry =
    rest.length > 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  if (isRegistry && !registryForm.test(first)) return undefined;
  const registry = !isRegistry || first === 'index.docker.io' ? defaultRegistry : first;
  const path = isRegistry ? rest : [first, ...rest];
  if (path.length === 0 || !path.every((part) => component.test(part))) return undefined;
  const official = registry === defaultRegistry && path.length === 1;
  const full = [...(official ? ['library'] : []), ...path].join('/');
  return full.length > longestPath ? undefined : `${registry}/${full}`;
}

/** Whether a path is that of a repository: one that a registry takes, and dockerd asks it for. */
export function isRepositoryPath(path: string): boolean {
  return path.length <= longestPath && path.split('/').every((part) => pathForm.test(part));
}

export function isTag(text: string): boolean {
  return tagForm.test(text);
}

export function isDigest(text: string): boolean {
  return digestForm.test(text);
}
