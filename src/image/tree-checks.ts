import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { ImageTree, TreeNode } from './tree.js';

/** Names of programs that must not be reachable in a release image, whatever package brought them. */
const forbiddenNames = new Set(
  [
    'sh ash bash dash ksh zsh busybox toybox env xargs',
    'apt apt-get dpkg rpm npm npx corepack pip',
    'login su sudo sshd ssh dropbear agetty getty passwd sulogin',
    'perl python3 awk mawk gawk lua ruby gdb strace nsenter unshare chroot',
    'docker ctr nerdctl crun systemd systemctl udevd',
  ].flatMap((names) => names.split(' ')),
);

/** Targets that exist only once the system runs. */
const runTimeTargets = ['/run/', '/proc/'];

/**
 * What must hold of every release image, said once more beside the recipe: a rule that lets one of these in is a mistake. Throws
 * `BH_IMAGE_RULE`. The golden file list and the test of the finished image check the result a third time.
 */
export function checkTree(tree: ImageTree, flavour: 'release' | 'debug'): void {
  for (const [path, node] of tree.entries()) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (flavour === 'release' && forbiddenNames.has(name) && mayBeProgram(node)) {
      throw wrong(path, 'a program of this name must not be in a release image');
    }
    if (node.type === 'symlink') checkLink(tree, path, node.target);
    else if ((node.mode & 0o6000) !== 0) throw wrong(path, 'it is setuid or setgid');
    else if ((node.mode & 0o002) !== 0 && node.mode !== 0o1777) throw wrong(path, 'everyone may write to it');
  }
}

function mayBeProgram(node: TreeNode): boolean {
  return node.type === 'symlink' || (node.type === 'file' && (node.mode & 0o111) !== 0);
}

function checkLink(tree: ImageTree, path: string, target: string): void {
  if (tree.resolve(path) !== undefined) return;
  const absolute = new URL(target, `file://${path}`).pathname;
  if (!runTimeTargets.some((prefix) => absolute.startsWith(prefix)))
    throw wrong(path, `its target ${target} is not in the image`);
}

function wrong(path: string, reason: string): BulkheadError {
  return new BulkheadError('BH_IMAGE_RULE', { file: path, reason });
}
