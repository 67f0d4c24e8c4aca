import { readFileSync, readlinkSync } from 'node:fs';
import type { NamespaceFact } from '../isolation/request.js';

/** Which container, if any, holds a range of ids; asked of the lease table. */
export type HolderOf = (base: number) => { readonly containerId: string; readonly size: number } | undefined;

/**
 * Finds out whose a namespace path is. dockerd names another container's namespaces by the pid of its first process
 * (`/proc/374/ns/net`); the ids mapped in that process tell the container apart from the host and from anything else.
 * A path of any other shape is `unknown`, which the rules refuse.
 */
export function readNamespaceFact(path: string, holderOf: HolderOf): NamespaceFact {
  const match = /^\/proc\/(\d{1,9})\/ns\/([a-z]+)$/.exec(path);
  const [, pid, kind] = match ?? [];
  if (pid === undefined || kind === undefined) return { path, kind: 'unknown' };
  try {
    if (readlinkSync(path) === readlinkSync(`/proc/self/ns/${kind}`)) return { path, kind: 'host' };
    const [inside, base, size, ...rest] = readFileSync(`/proc/${pid}/uid_map`, 'utf8')
      .trim()
      .split(/\s+/)
      .map(Number);
    if (inside !== 0 || base === undefined || size === undefined || rest.length > 0)
      return { path, kind: 'unknown' };
    const holder = holderOf(base);
    if (holder === undefined || holder.size !== size) return { path, kind: 'unknown' };
    return {
      path,
      kind: 'container',
      ownerContainerId: holder.containerId,
      ownerIds: { base, size },
      userNamespacePath: `/proc/${pid}/ns/user`,
    };
  } catch {
    /* The process has ended: nobody can say whose the namespace was. */
    return { path, kind: 'unknown' };
  }
}
