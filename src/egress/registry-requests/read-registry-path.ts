import { isDigest, isRepositoryPath, isTag } from '../../common/image-reference.js';
import { parseRegistryName } from '../../common/registry-name.js';
import { type RegistryOperation, Unreadable } from './operation.js';
import { type Parameters, single } from './read-query.js';

interface OfRepository {
  readonly path: string;
  readonly mirrored?: string;
}

/** Words of the API behind which a registry might look for the rest of a request, were they part of a repository's name. */
const words: ReadonlySet<string> = new Set(['manifests', 'blobs', 'referrers']);

/**
 * A request below /v2/, whose path `readTarget` has let through.
 *
 * @throws Unreadable
 */
export function readRegistryPath(method: string, path: string, parameters: Parameters): RegistryOperation {
  const segments = path.split('/').slice(2);
  if (segments.length === 0 || path === '/v2/') {
    only(method, 'GET', 'HEAD');
    return { kind: 'ping' };
  }
  if (path === '/v2/_catalog') {
    only(method, 'GET');
    return { kind: 'catalog' };
  }
  const [before = '', kind = '', last = ''] = segments.slice(-3);
  const isUpload = before === 'blobs' && (kind === 'uploads' || kind === 'upload');
  const of = ofRepository(segments.slice(0, isUpload ? -3 : -2), parameters);
  if (isUpload) return readUpload(method, of, { kind, id: last }, parameters);
  if (parameters.has('mount') || parameters.has('from'))
    throw new Unreadable('only an upload takes a blob over from another repository');
  switch (kind) {
    case 'manifests':
      return readManifest(method, of, last, parameters);
    case 'blobs':
      only(method, 'GET', 'HEAD', 'DELETE');
      return { kind: 'blob', ...of, access: method === 'DELETE' ? 'push' : 'pull', digest: digestOf(last) };
    case 'referrers':
      only(method, 'GET');
      return { kind: 'referrers', ...of, access: 'pull', digest: digestOf(last) };
    case 'tags':
      only(method, 'GET');
      if (last === 'list') return { kind: 'tags', ...of, access: 'pull' };
      throw unknownPath();
    default:
      throw unknownPath();
  }
}

function readManifest(
  method: string,
  of: OfRepository,
  last: string,
  parameters: Parameters,
): RegistryOperation {
  only(method, 'GET', 'HEAD', 'PUT', 'DELETE');
  const unknown = [...parameters.keys()].find((name) => name !== 'ns');
  if (unknown !== undefined)
    throw new Unreadable('it asks for a manifest with parameters that are not known');
  if (!isTag(last) && !isDigest(last)) throw new Unreadable('it names neither a tag nor a digest');
  const reference = isDigest(last) ? { digest: last } : { tag: last };
  return {
    kind: 'manifest',
    ...of,
    access: method === 'GET' || method === 'HEAD' ? 'pull' : 'push',
    reference,
  };
}

/** GitHub's registry has `upload` in the addresses that it gives out. */
function readUpload(
  method: string,
  of: OfRepository,
  { kind, id }: { readonly kind: string; readonly id: string },
  parameters: Parameters,
): RegistryOperation {
  const [mount, from] = [single(parameters, 'mount'), single(parameters, 'from')];
  single(parameters, 'digest');
  if (id !== '') {
    only(method, 'GET', 'HEAD', 'PATCH', 'PUT', 'DELETE');
    if (mount !== undefined || from !== undefined)
      throw new Unreadable('only the beginning of an upload takes a blob over from another repository');
    return { kind: 'upload', ...of, access: 'push' };
  }
  only(method, 'POST');
  if (kind !== 'uploads') throw unknownPath();
  if (mount !== undefined && !isDigest(mount)) throw new Unreadable('it takes over what is no digest');
  if (from === undefined && mount === undefined) return { kind: 'upload', ...of, access: 'push' };
  // Threat: a registry may then look for it in whatever repository has it, which nobody has decided.
  if (from === undefined) throw new Unreadable('it takes a blob over and does not say from where');
  if (mount === undefined || !isRepositoryPath(from))
    throw new Unreadable('it takes a blob over from what is no repository');
  return { kind: 'upload', ...of, access: 'push', from: { path: from, digest: mount } };
}

function ofRepository(parts: readonly string[], parameters: Parameters): OfRepository {
  const path = parts.join('/');
  if (!isRepositoryPath(path)) throw new Unreadable('it names no repository');
  const hidden = parts.some(
    (part, at) => at > 0 && (words.has(part) || (part === 'list' && parts[at - 1] === 'tags')),
  );
  if (hidden) throw new Unreadable('its repository has words of the API in its name');
  const ns = single(parameters, 'ns');
  if (ns === undefined) return { path };
  const mirrored = parseRegistryName(ns);
  if (mirrored === undefined) throw new Unreadable('its parameter ns names no registry');
  return { path, mirrored };
}

function digestOf(text: string): string {
  if (!isDigest(text)) throw new Unreadable('it names no digest');
  return text;
}

function only(method: string, ...methods: readonly string[]): void {
  if (!methods.includes(method)) throw new Unreadable(`${method} is no request of a registry there`);
}

function unknownPath(): Unreadable {
  return new Unreadable('no registry has such a path below /v2/');
}
