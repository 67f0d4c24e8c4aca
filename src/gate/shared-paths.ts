import { posix } from 'node:path';
import { BulkheadError } from '../common/errors/bulkhead-error.js';

/** What of the host containers may bind by name. */
export interface SharedPaths {
  /** Absolute, in their plain form. */
  readonly directories: readonly string[];
  /** The socket of the host's ssh agent; absent when it is not passed on. */
  readonly sshAgent?: string | undefined;
  /** Whether a symbolic link lies on the way to a path, or it is one. Only asked about paths in the directories. */
  readonly throughLink: (path: string) => boolean;
}

/** Where Docker Desktop has the host's ssh agent. */
const agentSocket = '/run/host-services/ssh-auth.sock';

/** The directories of the VM's root that hold something; `/root` and `/tmp` are names a person's own files may have as well. */
const ofTheVm =
  /^\/(?:(?:bin|boot|dev|etc|lib(?:\d\d|x32)?|proc|run|sbin|sys|usr|var)(?:\/.*)?|(?:root|tmp)\/?)?$/;

/**
 * Lets a bind source pass that lies in a shared directory. The name alone is judged, for a clear answer; what it leads to is the
 * runtime's to judge, once it is open. In the engine's own view of these directories no link is followed, whatever a container
 * puts there afterwards, and dockerd's own message about one would explain nothing.
 *
 * Otherwise throws one of two texts Docker documents: one for what lies in the VM, one for everything else, which a person means to be on
 * their own machine.
 */
export function checkSource(source: string, shared: SharedPaths): void {
  const path = plainForm(source);
  if (path === agentSocket) {
    if (shared.sshAgent === path) return;
    throw new BulkheadError('BH_GATE_SSH_AGENT', { source });
  }
  if (path !== undefined && isInShared(path, shared)) {
    if (shared.throughLink(path)) throw new BulkheadError('BH_GATE_SHARE_LINK', { source });
    return;
  }
  throw new BulkheadError(path === undefined || isOfTheVm(path) ? 'BH_GATE_MOUNT' : 'BH_GATE_NOT_SHARED', {
    source,
  });
}

/** As dockerd reads a path: `..` taken by name. */
function plainForm(source: string): string | undefined {
  return source.startsWith('/') && !source.includes('\0')
    ? posix.normalize(source).replace(/(.)\/$/, '$1')
    : undefined;
}

/** Whether a path in its plain form is one of the VM's root rather than of a person's machine. */
export function isOfTheVm(path: string): boolean {
  return ofTheVm.test(path);
}

/** Whether a path in its plain form lies in a shared directory. */
export function isInShared(path: string, { directories }: SharedPaths): boolean {
  return directories.some((directory) => path === directory || path.startsWith(`${directory}/`));
}
