import { BulkheadError } from '../common/errors/bulkhead-error.js';

/** One rule of `vm-image/root.txt`. Paths are absolute within the image. */
export type RootRule =
  | { readonly verb: 'keep' | 'drop'; readonly path: string }
  | { readonly verb: 'move' | 'link'; readonly path: string; readonly target: string }
  | { readonly verb: 'dir'; readonly path: string; readonly mode: number };

/** A line without its comment; `number` counts from 1. */
interface Line {
  readonly number: number;
  readonly words: readonly string[];
}

/**
 * Package names of `packages.txt`: a name and the reason it is in the image on each line.
 * Throws `BH_IMAGE_RULE` for a line without a reason or a package named twice.
 */
export function parsePackages(text: string, file: string): readonly string[] {
  const names = new Set<string>();
  for (const { number, words } of lines(text)) {
    const name = words[0] ?? '';
    if (!/^[a-z0-9][a-z0-9+.-]+$/.test(name)) throw wrong(file, number, `"${name}" is not a package name`);
    if (words.length < 2) throw wrong(file, number, `${name} has no reason`);
    if (names.has(name)) throw wrong(file, number, `${name} is there twice`);
    names.add(name);
  }
  return [...names];
}

/** Names of a `modules.*.txt`, in order. Throws `BH_IMAGE_RULE` where a line is not one module name. */
export function parseModuleNames(text: string, file: string): readonly string[] {
  return lines(text).map(({ number, words }) => {
    const name = words[0] ?? '';
    if (words.length !== 1 || !/^[A-Za-z0-9_-]+$/.test(name))
      throw wrong(file, number, 'it is not one module name');
    return name;
  });
}

/** Rules of `root.txt`. Throws `BH_IMAGE_RULE` for an unknown verb, a relative path, or a rule without a reason. */
export function parseRootRules(text: string, file: string): readonly RootRule[] {
  return lines(text).map(({ number, words }) => {
    const [verb = '', path = '', argument = ''] = words;
    if (!isCleanPath(path)) throw wrong(file, number, `"${path}" is not an absolute path`);
    const expected = verb === 'keep' || verb === 'drop' ? 2 : 3;
    if (words.length <= expected) throw wrong(file, number, `${verb} ${path} has no reason`);
    switch (verb) {
      case 'keep':
      case 'drop':
        return { verb, path };
      case 'move':
        if (!isCleanPath(argument)) throw wrong(file, number, `"${argument}" is not an absolute path`);
        return { verb, path, target: argument };
      case 'link':
        return { verb, path, target: argument };
      case 'dir':
        if (!/^[01][0-7]{3}$/.test(argument)) throw wrong(file, number, `"${argument}" is not a mode`);
        return { verb, path, mode: Number.parseInt(argument, 8) };
      default:
        throw wrong(file, number, `"${verb}" is not a verb`);
    }
  });
}

/** Turns a path with `*` (within a directory) and `**` (any depth) into an expression for the whole path. */
export function globToRegExp(glob: string): RegExp {
  const source = glob
    .split(/(\*\*|\*)/)
    .map((part) =>
      part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`),
    )
    .join('');
  return new RegExp(`^${source}$`);
}

/** `.` and `..` are refused: a rule must not reach outside the tree it is applied to. */
function isCleanPath(path: string): boolean {
  return /^(\/[^/]+)+$/.test(path) && !path.split('/').some((part) => part === '.' || part === '..');
}

function lines(text: string): readonly Line[] {
  return text
    .split('\n')
    .map((line, index) => ({
      number: index + 1,
      words: line
        .replace(/(^|\s)#.*$/, '')
        .split(/\s+/)
        .filter(Boolean),
    }))
    .filter(({ words }) => words.length > 0);
}

function wrong(file: string, line: number, reason: string): BulkheadError {
  return new BulkheadError('BH_IMAGE_RULE', { file: `${file}:${line}`, reason });
}
