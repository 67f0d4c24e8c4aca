import { isRepositoryPath } from '../../common/image-reference.js';
import { type Access, type Scope, Unreadable } from './operation.js';
import type { Parameters } from './read-query.js';

/** Actions of the token specification, of Harbor, and of Azure's registry; whatever is not only reading is changing. */
const accessOf: ReadonlyMap<string, Access> = new Map([
  ['pull', 'pull'],
  ['metadata_read', 'pull'],
  ['content/read', 'pull'],
  ['metadata/read', 'pull'],
  ['push', 'push'],
  ['delete', 'push'],
  ['metadata_write', 'push'],
  ['content/write', 'push'],
  ['content/delete', 'push'],
  ['metadata/write', 'push'],
  ['*', 'push'],
]);

/**
 * The repositories a token is asked for (https://distribution.github.io/distribution/spec/auth/scope/): several parameters, or several scopes in one with
 * spaces between. Scopes of other kinds, such as `registry:catalog:*` and those of OAuth at large, open no repository.
 *
 * @throws Unreadable for a scope of a repository that a registry may read otherwise.
 */
export function readScopes(parameters: Parameters): Scope[] {
  return (parameters.get('scope') ?? [])
    .flatMap((value) => value.split(' '))
    .filter((scope) => scope.toLowerCase().startsWith('repository'))
    .map(readScope);
}

function readScope(text: string): Scope {
  const [, path = '', actions = ''] = /^repository(?:\([a-z]+\))?:(.*):([^:]*)$/.exec(text) ?? [];
  if (!isRepositoryPath(path)) throw new Unreadable('it asks for a token for what is no repository');
  const accesses = actions.split(',').map((action) => accessOf.get(action));
  if (!accesses.every((access) => access !== undefined))
    throw new Unreadable('it asks for a token for an action that is not known');
  return { path, access: accesses.every((access) => access === 'pull') ? 'pull' : 'push' };
}
