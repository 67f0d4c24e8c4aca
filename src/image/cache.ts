import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * Directory of everything the product may delete and make again: `$XDG_CACHE_HOME/bulkhead`. A relative
 * XDG_CACHE_HOME is ignored, as the XDG Base Directory Specification demands.
 */
export function cacheRoot(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const base = env['XDG_CACHE_HOME'];
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), '.cache'), 'bulkhead');
}

/** Where the finished image with this key is, or will be: `kernel`, `initramfs`, `root.erofs`, `root.verity`, `manifest.json`. */
export function imageDir(cache: string, key: string): string {
  return join(cache, 'images', key);
}

/** Where the unpacked Debian packages with this key are. */
export function userlandDir(cache: string, key: string): string {
  return join(cache, 'userland', key);
}
