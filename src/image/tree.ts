import { dirname } from 'node:path';
import { BulkheadError } from '../common/errors/bulkhead-error.js';

/** Where the bytes of a file come from. */
export type Content = { readonly file: string } | { readonly data: Buffer };

/** `mode` holds the permission bits only. Everything belongs to root. */
export type TreeNode =
  | { readonly type: 'file'; readonly mode: number; readonly content: Content }
  | { readonly type: 'directory'; readonly mode: number }
  | { readonly type: 'symlink'; readonly target: string };

/**
 * A file system that is being put together: absolute path → node. It is only written out at the end, so what may be in the image
 * is decided before a byte is copied.
 */
export class ImageTree {
  readonly #nodes = new Map<string, TreeNode>();

  get(path: string): TreeNode | undefined {
    return this.#nodes.get(path);
  }

  /** Paths in an order where a directory comes before what is in it. */
  entries(): readonly (readonly [string, TreeNode])[] {
    return [...this.#nodes].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /**
   * Adds a node and its missing parent directories. Throws `BH_IMAGE_RULE` where another node is at the path or a parent is not a
   * directory: a later layer must never replace a file unnoticed.
   */
  add(path: string, node: TreeNode): void {
    if (this.#nodes.has(path)) throw wrong(path, 'two rules put something there');
    this.#addParents(dirname(path));
    this.#nodes.set(path, node);
  }

  /** Like `add`, but a directory that is already there keeps its place and takes the mode. */
  addDirectory(path: string, mode: number): void {
    if (this.#nodes.get(path)?.type === 'directory') this.#nodes.set(path, { type: 'directory', mode });
    else this.add(path, { type: 'directory', mode });
  }

  addFile(path: string, mode: number, content: Content): void {
    this.add(path, { type: 'file', mode, content });
  }

  /** Follows symbolic links in every part of the path; undefined where it leads nowhere in this tree. */
  resolve(path: string, hops = 40): string | undefined {
    let resolved = '';
    const parts = path.split('/').filter(Boolean);
    for (const [index, part] of parts.entries()) {
      const next = part === '..' ? dirname(resolved) : `${resolved === '/' ? '' : resolved}/${part}`;
      const node = this.#nodes.get(next);
      if (node?.type === 'symlink') {
        if (hops === 0) return undefined;
        const base = node.target.startsWith('/') ? '' : `${resolved}/`;
        return this.resolve([`${base}${node.target}`, ...parts.slice(index + 1)].join('/'), hops - 1);
      }
      if (node === undefined && next !== '/') return undefined;
      resolved = next;
    }
    return resolved;
  }

  #addParents(path: string): void {
    if (path === '/') return;
    const parent = this.#nodes.get(path);
    if (parent?.type === 'directory') return;
    if (parent !== undefined) throw wrong(path, 'something is put below it, but it is not a directory');
    this.#addParents(dirname(path));
    this.#nodes.set(path, { type: 'directory', mode: 0o755 });
  }
}

function wrong(path: string, reason: string): BulkheadError {
  return new BulkheadError('BH_IMAGE_RULE', { file: path, reason });
}
