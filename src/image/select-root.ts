import { join } from 'node:path';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { ListedNode, Listing } from './listing.js';
import { globToRegExp, type RootRule } from './recipe.js';
import { ImageTree } from './tree.js';

/**
 * Applies the rules of `root.txt` to an unpacked userland. Nothing is taken that no rule names. Throws `BH_IMAGE_RULE` for a rule that
 * matches nothing: the package changed, and somebody has to look.
 */
export function selectRoot(
  userland: string,
  listing: Listing,
  rules: readonly RootRule[],
  file: string,
): ImageTree {
  const kept = new Map<string, ListedNode>();
  for (const rule of rules) {
    if (rule.verb === 'keep') {
      for (const [path, node] of matching(listing, rule.path, file)) kept.set(path, node);
    } else if (rule.verb === 'drop') {
      for (const [path] of matching(kept, rule.path, file)) kept.delete(path);
    }
  }
  const tree = new ImageTree();
  for (const [path, node] of kept) addNode(tree, path, node, join(userland, path));
  for (const rule of rules) {
    if (rule.verb === 'link') tree.add(rule.path, { type: 'symlink', target: rule.target });
    if (rule.verb === 'dir') tree.addDirectory(rule.path, rule.mode);
    if (rule.verb === 'move') {
      for (const [path, node] of matching(listing, rule.path, file)) {
        addNode(tree, rule.target, node, join(userland, path));
      }
    }
  }
  return tree;
}

/** Adds a file or link of the userland. Only the execute bit of its mode survives: no setuid, nothing writable by others. */
export function addNode(tree: ImageTree, path: string, node: ListedNode, source: string): void {
  if (node.type === 'symlink') tree.add(path, node);
  else if (node.type === 'file') tree.addFile(path, plainMode(node.mode), { file: source });
}

/** 0755 for what root may execute, else 0644. */
export function plainMode(mode: number): number {
  return (mode & 0o100) === 0 ? 0o644 : 0o755;
}

function matching(listing: Listing, glob: string, file: string): readonly (readonly [string, ListedNode])[] {
  const pattern = globToRegExp(glob);
  const matches = [...listing].filter(([path, node]) => node.type !== 'directory' && pattern.test(path));
  if (matches.length === 0)
    throw new BulkheadError('BH_IMAGE_RULE', { file, reason: `nothing matches ${glob}` });
  return matches.sort(([a], [b]) => (a < b ? -1 : 1));
}
