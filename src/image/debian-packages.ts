import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { ImagePackage, Manifest } from './manifest.js';

/**
 * Name, version and architecture from the file name apt gives a package in its archive directory; `:` in a version
 * is written `%3a`. Undefined where the name has another form.
 */
export function parseArchiveName(file: string): Omit<ImagePackage, 'sha256'> | undefined {
  const match = /^([^_]+)_([^_]+)_([^_]+)\.deb$/.exec(file);
  if (match?.[1] === undefined || match[2] === undefined || match[3] === undefined) return undefined;
  return { name: match[1], version: decodeURIComponent(match[2]), architecture: match[3] };
}

/** What to ask apt for: the recipe's names, or every package of an earlier manifest at exactly its version. */
export function includeArgument(names: readonly string[], pinned: Manifest | undefined): string {
  return pinned === undefined
    ? names.join(',')
    : pinned.packages.map(({ name, version }) => `${name}=${version}`).join(',');
}

/**
 * Compares what was unpacked with an earlier manifest, both ways. The version alone is not enough: a rebuilt package
 * may carry the same one. Throws `BH_IMAGE_PIN_MISMATCH` for the first difference.
 */
export function checkPin(packages: readonly ImagePackage[], pinned: Manifest, pin: string): void {
  const expected = new Map(pinned.packages.map((item) => [item.name, item]));
  for (const found of packages) {
    const wanted = expected.get(found.name);
    if (wanted === undefined) throw mismatch(pin, `${found.name} is not in it`);
    if (found.version !== wanted.version) {
      throw mismatch(pin, `${found.name} is ${found.version} instead of ${wanted.version}`);
    }
    if (found.sha256 !== wanted.sha256)
      throw mismatch(pin, `${found.name} ${found.version} has another SHA-256`);
    expected.delete(found.name);
  }
  const [missing] = expected.keys();
  if (missing !== undefined) throw mismatch(pin, `${missing} was not unpacked`);
}

function mismatch(pin: string, reason: string): BulkheadError {
  return new BulkheadError('BH_IMAGE_PIN_MISMATCH', { pin, mismatch: reason });
}
