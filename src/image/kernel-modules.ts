import { BulkheadError } from '../common/errors/bulkhead-error.js';

/** A loadable module and the names its `.modinfo` section says it depends on. */
export interface KernelModule {
  readonly name: string;
  readonly depends: readonly string[];
}

/** The kernel treats `-` and `_` in module names as the same character. */
export function normaliseModuleName(name: string): string {
  return name.replaceAll('-', '_');
}

/** Name of the module in a file such as `fs/erofs/erofs.ko.xz`; undefined for other files. */
export function moduleNameOf(path: string): string | undefined {
  const match = /([^/]+)\.ko(\.xz)?$/.exec(path);
  return match?.[1] === undefined ? undefined : normaliseModuleName(match[1]);
}

/**
 * Dependencies from the `.modinfo` section of an uncompressed module: NUL-terminated `key=value` strings. The packages
 * ship no modules.dep, because depmod runs in a maintainer script.
 */
export function parseDepends(module: Buffer): readonly string[] {
  const key = Buffer.from('\0depends=');
  const start = module.indexOf(key);
  if (start < 0) return [];
  const end = module.indexOf(0, start + key.length);
  return module
    .toString('latin1', start + key.length, end)
    .split(',')
    .filter(Boolean)
    .map(normaliseModuleName);
}

/**
 * Load order: every module after what it depends on, otherwise in the order asked for. `find` returns `builtin` for what
 * the kernel already contains. Throws `BH_IMAGE_RULE` where a name is unknown or a dependency is circular; `file`
 * is the list the names come from.
 */
export function orderModules(
  names: readonly string[],
  find: (name: string) => KernelModule | 'builtin' | undefined,
  file: string,
): readonly string[] {
  const ordered = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    if (ordered.has(name)) return;
    if (path.includes(name)) throw wrong(file, `${[...path, name].join(' needs ')}: circular`);
    const module = find(name);
    if (module === 'builtin') return;
    if (module === undefined) {
      throw wrong(
        file,
        `the kernel has no module ${name}${path.length > 0 ? `, which ${path.at(-1)} needs` : ''}`,
      );
    }
    for (const dependency of module.depends) visit(dependency, [...path, name]);
    ordered.add(name);
  };
  for (const name of names) visit(normaliseModuleName(name), []);
  return [...ordered];
}

function wrong(file: string, reason: string): BulkheadError {
  return new BulkheadError('BH_IMAGE_RULE', { file, reason });
}
