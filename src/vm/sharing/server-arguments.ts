import type { ShareServerProgram } from '../../image/index.js';
import type { OpenedShare } from './open-shares.js';

/** Where `share-guard` puts what is shared, and the listening socket (`src/vm/share-guard/guard.h`). */
const place = '/sys';
const listening = 3;

/** Every id there is. */
const all = 4_294_967_295;

/**
 * Capabilities the server of root is not to have, beside what it gives up by itself. A guest has no business with them: device nodes, programs with capabilities, files
 * of other users, files by handle, and the set-user-ID bit of a program of root's that is there already, which is to go when its content changes.
 */
const dropped = ['mknod', 'setfcap', 'chown', 'dac_read_search', 'fsetid'];

/**
 * The command that serves one share: the guard, and behind `--` virtiofsd with its own loader and libraries. Pure.
 *
 * Whatever id the guest writes with, the files are the user's; whomever they belong to here, in the guest they are root's, which each container's id-mapped mount makes its own root.
 * 0 is the user in either case: without privileges the server is root of a user namespace that has no other id.
 *
 * @param directory number of the descriptor of the directory in the new process.
 */
export function serverCommand(
  guard: string,
  { loader, libraries, program }: ShareServerProgram,
  { path, readOnly, hidden }: Pick<OpenedShare, 'path' | 'readOnly' | 'hidden'>,
  { directory, socket }: { readonly directory: number; readonly socket: string },
): readonly [string, ...string[]] {
  const ids = ['uid', 'gid'].flatMap((kind) => [
    [`--translate-${kind}`, `squash-guest:0:0:${all}`],
    [`--translate-${kind}`, `squash-host:0:0:${all}`],
  ]);
  const words = [
    ['--directory', String(directory), '--path', path, '--socket', socket],
    ...hidden.map(({ path: relative, device, inode }) => ['--hide', `${device}:${inode}:${relative}`]),
    ['--', loader, '--library-path', libraries, program],
    ['--shared-dir', place, '--fd', String(listening)],
    ['--sandbox', 'namespace', '--seccomp', 'kill'],
    [`--modcaps=${dropped.map((name) => `-${name}`).join(':')}`],
    ...ids,
    // By handle a file is reached past every directory on the way to it.
    ['--inode-file-handles=never'],
    // What is mounted in the share covers what is hidden; as a mount of the guest's as well it would keep the share from being id-mapped.
    ['--no-announce-submounts'],
    ['--cache', 'auto', '--rlimit-nofile', '0', '--log-level', 'info'],
    readOnly ? ['--readonly'] : [],
  ];
  return [guard, ...words.flat()];
}
