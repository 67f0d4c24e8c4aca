/** Reads, or changes what is there. */
export type Access = 'pull' | 'push';

/** What a token is asked for: `repository:acme/tool:pull,push`. */
export interface Scope {
  /** The path of the repository as the registry has it, without the registry. */
  readonly path: string;
  readonly access: Access;
}

interface OfRepository {
  /** The path of the repository, without the registry. */
  readonly path: string;
  /** The registry a mirror is to stand in for (`ns`, of containerd and BuildKit). */
  readonly mirrored?: string;
}

/** What a request does, by the distribution specification 1.1 (https://github.com/opencontainers/distribution-spec). */
export type RegistryOperation =
  | { readonly kind: 'ping' }
  | { readonly kind: 'catalog' }
  | (OfRepository & {
      readonly kind: 'manifest';
      readonly access: Access;
      readonly reference: { readonly tag: string } | { readonly digest: string };
    })
  | (OfRepository & { readonly kind: 'blob'; readonly access: Access; readonly digest: string })
  | (OfRepository & {
      readonly kind: 'upload';
      readonly access: 'push';
      /** The repository that a blob is to be taken over from, and which. */
      readonly from?: { readonly path: string; readonly digest: string };
    })
  | (OfRepository & { readonly kind: 'tags'; readonly access: 'pull' })
  | (OfRepository & { readonly kind: 'referrers'; readonly access: 'pull'; readonly digest: string })
  | { readonly kind: 'token'; readonly scopes: readonly Scope[] }
  /** Nothing of a registry's: a blob store, a file for `ADD`, a repository of git. */
  | { readonly kind: 'other'; readonly access: Access };

/** Why a request can't be told with certainty from another one. */
export class Unreadable extends Error {}
