import type { Operation } from './operations.js';
import { queryValues } from './query.js';

/** An image a request names to a registry, as the engine reads it. */
export interface AskedImage {
  readonly operation: 'pull' | 'push';
  /** With the tag or digest that stands in a parameter of its own. */
  readonly name: string;
  /** All tags of the repository: neither the name nor a parameter has one. */
  readonly whole: boolean;
}

/**
 * The images a request has the engine ask a registry for (api/server/router/image, distribution). Threat: a name in two parts, or given twice, of which a rule sees one;
 * each value counts with each other.
 *
 * @param query as it was sent, without the question mark.
 */
export function askedImages(
  { id, parameters }: Pick<Operation, 'id' | 'parameters'>,
  query: string | undefined,
): readonly AskedImage[] {
  const { name = '' } = parameters;
  const tags = queryValues(query, 'tag');
  if (id === 'ImageCreate')
    return queryValues(query, 'fromImage')
      .filter((image) => image !== '')
      .flatMap((image) => named('pull', image.replace(/:$/, ''), tags));
  if (id === 'ImagePush') return named('push', name, tags);
  if (id === 'DistributionInspect') return [{ operation: 'pull', name, whole: false }];
  // The plugin is never installed; what it would want is read out of its registry.
  if (id === 'GetPluginPrivileges')
    return queryValues(query, 'remote').map((remote) => ({ operation: 'pull', name: remote, whole: false }));
  return [];
}

function named(operation: AskedImage['operation'], image: string, tags: readonly string[]): AskedImage[] {
  const versions = tags.length === 0 ? [''] : tags;
  return versions.map((version) => {
    if (version === '') return { operation, name: image, whole: !hasVersion(image) };
    // A tag is never like a digest; a digest takes the place of what the name has.
    const digest = version.includes(':');
    const bare = digest ? withoutVersion(image) : withoutTag(image);
    return { operation, name: digest ? `${bare}@${version}` : tagged(bare, version), whole: false };
  });
}

function hasVersion(image: string): boolean {
  return image.includes('@') || tagAt(image) !== undefined;
}

function tagAt(image: string): number | undefined {
  const name = image.split('@')[0] ?? '';
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? colon : undefined;
}

function withoutVersion(image: string): string {
  return image.slice(0, tagAt(image) ?? image.length).split('@')[0] ?? '';
}

/** The digest stays. */
function withoutTag(image: string): string {
  const at = tagAt(image);
  if (at === undefined) return image;
  const digest = image.indexOf('@');
  return image.slice(0, at) + (digest === -1 ? '' : image.slice(digest));
}

function tagged(image: string, tag: string): string {
  const digest = image.indexOf('@');
  return digest === -1 ? `${image}:${tag}` : `${image.slice(0, digest)}:${tag}${image.slice(digest)}`;
}
