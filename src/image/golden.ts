import type { Listing } from './listing.js';

/**
 * The file list of an image as reviewed text: type, mode, path and link target, sorted. Sizes are left out and version numbers replaced, so
 * that a package update changes it only where it brings, takes away or re-permits a file. Owner is not shown: everything is root's,
 * which the erofs builder enforces and a test checks.
 */
export function goldenList(listing: Listing): string {
  const lines = [...listing].map(([path, node]) => {
    const name = normaliseVersions(path);
    if (node.type === 'symlink') return `${name}\tlink\t${normaliseVersions(node.target)}`;
    return `${name}\t${node.type === 'file' ? 'file' : 'dir'}\t${node.mode.toString(8).padStart(4, '0')}`;
  });
  return `${lines.sort().join('\n')}\n`;
}

/** `libicudata.so.78.3` → `libicudata.so.N`: a link and its target then differ by type alone. */
export function normaliseVersions(path: string): string {
  return path.replace(/\.so\.[0-9.]+$/, '.so.N');
}
