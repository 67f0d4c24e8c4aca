import type { NamespaceFact } from '../../isolation/request.js';
import type { SourceFact } from '../../isolation/plan.js';
import { type OpenProcess, openProcess } from './process-view.js';

/** Which container, if any, holds a range of ids; asked of the lease table. */
export type HolderOf = (base: number) => { readonly containerId: string; readonly size: number } | undefined;

/** A path the front door holds open, with its place in the order of the `open` message. */
export interface HeldPath {
  readonly index: number;
  readonly fact: SourceFact;
}

export interface NamespaceWorld {
  readonly holderOf: HolderOf;
  /** Only tests pass another. */
  readonly open?: OpenProcess;
}

/** dockerd names another container's namespaces by the pid of its first process (`/proc/374/ns/net`). */
const processNamespace = /^\/proc\/(\d{1,9})\/ns\/([a-z]+)$/;
/** The kernel's name of a namespace that no mount shows, which no file can bear: it starts with no slash. */
const namespaceName = /^([a-z]+):\[(\d{1,20})\]$/;

/** What the front door has to hold for a decision about namespace paths: each, and the user namespace of its process. */
export function pathsToHold(paths: readonly string[]): string[] {
  const users = paths.flatMap((path) => {
    const pid = processNamespace.exec(path)?.[1];
    return pid === undefined ? [] : [userNamespaceOf(pid)];
  });
  return [...new Set([...paths, ...users])];
}

/**
 * Finds out whose a namespace is that the front door holds open. The ids mapped in the process it was reached by tell a
 * container apart from the host and from anything else.
 *
 * Threat: the process ends and its pid becomes another's, in the host's namespaces, between this look and runc's. So the
 * look is at the descriptors (they keep a namespace and its number alive), and everything read of the process is read
 * through one directory of /proc, which never becomes that of another process: what it says must fit the descriptors.
 * A path of any other shape is `unknown`, which the rules refuse.
 */
export function readNamespaceFact(
  path: string,
  held: readonly HeldPath[],
  { holderOf, open = openProcess }: NamespaceWorld,
): NamespaceFact {
  const unknown = { path, kind: 'unknown' } as const;
  const find = (wanted: string) => held.find(({ fact }) => fact.path === wanted);
  const namespace = find(path);
  if (namespace?.fact.opened !== true) return unknown;
  try {
    if (isOfHost(namespace.fact, open)) return { path, kind: 'host' };
    const [, pid, kind] = processNamespace.exec(path) ?? [];
    const user = pid === undefined ? undefined : find(userNamespaceOf(pid));
    if (pid === undefined || kind === undefined || user?.fact.opened !== true) return unknown;
    const number = namespaceName.exec(user.fact.realPath)?.[2];
    if (number === undefined || namespace.fact.namespaceOwner !== number) return unknown;
    using process = open(pid);
    if (process.namespace(kind) !== namespace.fact.realPath) return unknown;
    if (process.namespace('user') !== user.fact.realPath) return unknown;
    const [base, size] = wholeRange(process.idMap('uid')) ?? [];
    const [groupBase, groupSize] = wholeRange(process.idMap('gid')) ?? [];
    const holder = base === undefined ? undefined : holderOf(base);
    if (base === undefined || size === undefined || holder?.size !== size) return unknown;
    if (groupBase !== base || groupSize !== size) return unknown;
    return {
      path,
      kind: 'container',
      ownerContainerId: holder.containerId,
      ownerIds: { base, size },
      userNamespace: number,
      index: namespace.index,
      userIndex: user.index,
    };
  } catch {
    /* The process has ended: nobody can say whose the namespace was. */
    return unknown;
  }
}

function userNamespaceOf(pid: string): string {
  return `/proc/${pid}/ns/user`;
}

/** By number, which also finds the host's where a file is mounted on: `--network=host` names `/run/docker/netns/default`. */
function isOfHost(fact: Extract<SourceFact, { opened: true }>, open: OpenProcess): boolean {
  if (fact.mount.filesystem !== 'nsfs') return false;
  using self = open('self');
  return ['net', 'pid', 'ipc', 'uts', 'mnt', 'user', 'cgroup', 'time'].some(
    (kind) => namespaceName.exec(self.namespace(kind))?.[2] === fact.inode,
  );
}

/** `0 BASE SIZE` alone: anything else is no mapping of ours. */
function wholeRange(map: string): [base: number, size: number] | undefined {
  const [inside, base, size, ...rest] = map.trim().split(/\s+/).map(Number);
  return inside !== 0 || base === undefined || size === undefined || rest.length > 0
    ? undefined
    : [base, size];
}
