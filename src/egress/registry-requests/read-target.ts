import { Unreadable } from './operation.js';

/** What a request is for, as it was sent. */
export interface Target {
  readonly path: string;
  /** Without the question mark; undefined where there is none. */
  readonly query: string | undefined;
}

/** Signed addresses of blob stores are some KiB. */
const longest = 16 * 1024;
const pathForm = /^\/[\w.~!$&'()*+,;=:@%/-]*$/;
const queryForm = /^[\w.~!$&'()*+,;=:@%/?[\]|-]*$/;
/** Without percent signs: nothing in the API of a registry needs one before the query. */
const registryPathForm = /^\/v2(?:\/[\w.~:=+@-]+)*\/?$/;

/**
 * Takes a request target apart (RFC 9112 §3.2).
 *
 * @param authority the host the request is for: another one in the target would be another reading of it.
 * @throws Unreadable for what a server may read otherwise than we do.
 */
export function readTarget(target: string, authority: string): Target {
  if (target.length > longest) throw new Unreadable('its target is over 16 KiB long');
  const [, named, rest] = /^https?:\/\/([^/?#]*)(.*)$/is.exec(target) ?? [];
  if (named !== undefined && named.toLowerCase() !== authority.toLowerCase())
    throw new Unreadable('its target names another host than its Host header');
  const local = rest ?? target;
  const mark = local.indexOf('?');
  const path = mark === -1 ? local : local.slice(0, mark);
  const query = mark === -1 ? undefined : local.slice(mark + 1);
  if (!pathForm.test(path) || !isEncoded(path)) throw new Unreadable('its path is not one of RFC 3986');
  if (query !== undefined && (!queryForm.test(query) || !isEncoded(query)))
    throw new Unreadable('its query is not one of RFC 3986');
  if (hasDotSegment(path)) throw new Unreadable('its path has the segment . or ..');
  if (isOfRegistry(path)) {
    if (!registryPathForm.test(path))
      throw new Unreadable('its path below /v2/ has empty segments or characters that no registry needs');
  } else if (isOfRegistry(barest(path))) throw new Unreadable('its path is /v2/ in another spelling');
  return { path, query };
}

export function isOfRegistry(path: string): boolean {
  return path === '/v2' || path.startsWith('/v2/');
}

function isEncoded(text: string): boolean {
  return !/%(?![0-9a-fA-F]{2})/.test(text);
}

function hasDotSegment(path: string): boolean {
  return decoded(path)
    .split(/[/\\]/)
    .some((segment) => /^\.{1,2}$/.test(segment.replace(/;.*$/s, '')));
}

/**
 * A path as the laxest server could read it: decoded, in small letters, and without what some servers leave out. Threat: `/%762/`, `//v2/`, `/V2/` and
 * `/v2;x/`, which a rule takes for a file and the registry for its API.
 */
function barest(path: string): string {
  return decoded(path)
    .toLowerCase()
    .replaceAll('\\', '/')
    .replaceAll(/;[^/]*/g, '')
    .replaceAll(/[\0- \x7f]+/g, '')
    .replaceAll(/\/+/g, '/');
}

/** However often it was encoded, within what anybody has a reason for. */
function decoded(text: string): string {
  let before = text;
  for (let round = 0; round < 4; round += 1) {
    const after = before.replaceAll(/%([0-9a-fA-F]{2})/g, (_whole, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    if (after === before) return after;
    before = after;
  }
  throw new Unreadable('its path is encoded several times over');
}
