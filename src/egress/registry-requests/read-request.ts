import { type Access, type RegistryOperation, Unreadable } from './operation.js';
import { type Parameters, readParameters, single } from './read-query.js';
import { readRegistryPath } from './read-registry-path.js';
import { readScopes } from './read-scopes.js';
import { isOfRegistry, readTarget } from './read-target.js';

/** The head of a request, as it was sent. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  /** The one Host header, which the caller has compared with where the connection leads. */
  readonly host: string;
  /** The body of a form, where `hasForm` says that there is one. */
  readonly form?: string;
}

export type ReadRequest =
  | { readonly kind: 'understood'; readonly operation: RegistryOperation }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Names that decide which repository is meant. */
const meaningful: ReadonlySet<string> = new Set(['mount', 'from', 'ns', 'digest', 'scope', 'service']);
const methodForm = /^[A-Z]{1,20}$/;
/** Where some registries give out tokens below /v2/ (Google's and Quay's among them). */
const tokenPath = /^\/v2\/(?:token|auth)\/?$/;

/** A token may be asked for by a form, whose body names the repositories: it has to be read before the request is decided. */
export function hasForm(method: string, contentType: string | undefined): boolean {
  return method === 'POST' && /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(contentType ?? '');
}

/**
 * What a request to a registry does. What is below /v2/ and is not understood, and what different servers would take for different requests, has no answer.
 */
export function readRequest(request: RequestHead): ReadRequest {
  try {
    return { kind: 'understood', operation: operationOf(request) };
  } catch (error) {
    if (error instanceof Unreadable) return { kind: 'unreadable', reason: error.message };
    throw error;
  }
}

function operationOf({ method, target, host, form }: RequestHead): RegistryOperation {
  if (!methodForm.test(method)) throw new Unreadable('its method is none');
  const { path, query } = readTarget(target, host);
  const parameters = readParameters(query, meaningful);
  if (isOfRegistry(path) && !tokenPath.test(path)) return readRegistryPath(method, path, parameters);
  // The first thing git asks for, and the one other that has a service.
  if (path.endsWith('/info/refs')) return { kind: 'other', access: gitAccess(parameters) };
  const asked = new Map([...parameters, ...readParameters(form, meaningful)]);
  if (form !== undefined && parameters.has('scope'))
    throw new Unreadable('it asks for a token in its query and in its body');
  if (tokenPath.test(path) || asked.has('scope') || asked.has('service')) {
    if (!['GET', 'HEAD', 'POST'].includes(method))
      throw new Unreadable('tokens are asked for by GET or POST');
    // Threat: whatever is sent to a host that may be pulled from alone, with a word in its query.
    if (method === 'POST' && form === undefined)
      throw new Unreadable('it asks for a token, and its body is no form');
    return { kind: 'token', scopes: readScopes(asked) };
  }
  return { kind: 'other', access: otherAccess(method, path) };
}

function gitAccess(parameters: Parameters): Access {
  return single(parameters, 'service') === 'git-upload-pack' ? 'pull' : 'push';
}

/** `git-upload-pack` is how git fetches. */
function otherAccess(method: string, path: string): Access {
  const reads =
    method === 'GET' || method === 'HEAD' || (method === 'POST' && path.endsWith('/git-upload-pack'));
  return reads ? 'pull' : 'push';
}
