import { describe, expect, test } from 'vitest';
import { addLibraries } from './libraries.js';
import type { ListedNode, Listing } from './listing.js';
import { parseRootRules } from './recipe.js';
import { selectRoot } from './select-root.js';
import { checkTree } from './tree-checks.js';
import { ImageTree } from './tree.js';

const file = (mode = 0o755): ListedNode => ({ type: 'file', mode, size: 1 });
const link = (target: string): ListedNode => ({ type: 'symlink', target });

const listing: Listing = new Map<string, ListedNode>([
  ['/usr', { type: 'directory', mode: 0o755 }],
  ['/usr/bin/engine', file()],
  ['/usr/bin/mount', file(0o4755)],
  ['/usr/bin/sh', file()],
  ['/usr/share/data', file(0o666)],
  ['/usr/lib/x86_64-linux-gnu/libone.so.1', link('libone.so.1.2')],
  ['/usr/lib/x86_64-linux-gnu/libone.so.1.2', file(0o644)],
  ['/usr/lib/x86_64-linux-gnu/libtwo.so.2', file(0o644)],
  ['/usr/lib64/ld.so', file()],
]);

const select = (rules: string): ImageTree =>
  selectRoot('/u', listing, parseRootRules(rules, 'root.txt'), 'root.txt');
const paths = (tree: ImageTree): readonly string[] => tree.entries().map(([path]) => path);

describe('selecting', () => {
  test('only what a rule names is taken, with the directories it needs', () => {
    expect(paths(select('keep /usr/bin/e* why\n'))).toEqual(['/usr', '/usr/bin', '/usr/bin/engine']);
  });

  test('of a mode only the execute bit survives: setuid and write permission for others are lost', () => {
    const tree = select('keep /usr/bin/mount why\nkeep /usr/share/data why\n');
    expect(tree.get('/usr/bin/mount')).toMatchObject({ mode: 0o755, content: { file: '/u/usr/bin/mount' } });
    expect(tree.get('/usr/share/data')).toMatchObject({ mode: 0o644 });
  });

  test('move, link, dir and drop', () => {
    const tree = select(
      'keep /usr/bin/* why\ndrop /usr/bin/sh why\nmove /usr/bin/sh /opt/x why\nlink /bin usr/bin why\ndir /tmp 1777 why\n',
    );
    expect(tree.get('/usr/bin/sh')).toBeUndefined();
    expect(tree.get('/opt/x')).toMatchObject({ content: { file: '/u/usr/bin/sh' } });
    expect(tree.get('/bin')).toEqual({ type: 'symlink', target: 'usr/bin' });
    expect(tree.get('/tmp')).toEqual({ type: 'directory', mode: 0o1777 });
  });

  test.each(['keep /usr/bin/gone why', 'drop /usr/bin/engine why', 'move /usr/bin/gone /x why'])(
    'a rule that matches nothing is an error: %s',
    (rule) => {
      expect(() => select(`${rule}\n`)).toThrow('nothing matches');
    },
  );
});

describe('the tree', () => {
  test('two nodes at one path, or one below a file, are errors', () => {
    const tree = select('keep /usr/bin/engine why\n');
    const node = { type: 'symlink', target: 'x' } as const;
    expect(() => tree.add('/usr/bin/engine', node)).toThrow('two rules');
    expect(() => tree.add('/usr/bin/engine/x', node)).toThrow('not a directory');
  });

  test('links are followed in every part of a path, circles end', () => {
    const tree = select(
      'keep /usr/bin/engine why\nlink /bin usr/bin why\nlink /a /bin/engine why\nlink /c c why\n',
    );
    tree.add('/usr/bin/up', { type: 'symlink', target: '../../a' });
    expect(tree.resolve('/bin/up')).toBe('/usr/bin/engine');
    expect(tree.resolve('/bin/none')).toBeUndefined();
    expect(tree.resolve('/c')).toBeUndefined();
  });
});

describe('libraries', () => {
  const needs: Readonly<Record<string, readonly string[]>> = {
    '/u/usr/bin/engine': ['libone.so.1'],
    '/u/usr/lib/x86_64-linux-gnu/libone.so.1.2': ['libtwo.so.2'],
  };
  const readElf =
    (extra: readonly string[] = []) =>
    async (content: { file?: string } | { data?: Buffer }) => {
      const path = 'file' in content ? (content.file ?? '') : '';
      const program = path.includes('/bin/');
      return {
        interpreter: program ? '/usr/lib64/ld.so' : undefined,
        needed: [...(needs[path] ?? []), ...(program ? extra : [])],
      };
    };

  test('come with their links and with what they need themselves', async () => {
    const tree = select('keep /usr/bin/engine why\nkeep /usr/lib64/ld.so why\n');
    await addLibraries(tree, '/u', listing, readElf());
    expect(paths(tree).filter((path) => path.includes('.so'))).toEqual([
      '/usr/lib/x86_64-linux-gnu/libone.so.1',
      '/usr/lib/x86_64-linux-gnu/libone.so.1.2',
      '/usr/lib/x86_64-linux-gnu/libtwo.so.2',
      '/usr/lib64/ld.so',
    ]);
  });

  test('one that no package has, and a missing loader, are errors', async () => {
    const tree = select('keep /usr/bin/engine why\nkeep /usr/lib64/ld.so why\n');
    await expect(addLibraries(tree, '/u', listing, readElf(['libgone.so']))).rejects.toThrow(
      'no package provides the library libgone.so',
    );
    await expect(
      addLibraries(select('keep /usr/bin/engine why\n'), '/u', listing, readElf()),
    ).rejects.toThrow('its loader');
  });
});

describe('what a release image may not hold', () => {
  test('a shell, by file or by link; a debug image may', () => {
    const tree = select('keep /usr/bin/sh why\n');
    expect(() => checkTree(tree, 'release')).toThrow('/usr/bin/sh');
    expect(() => checkTree(tree, 'debug')).not.toThrow();
    expect(() =>
      checkTree(select('keep /usr/bin/engine why\nlink /usr/bin/bash engine why\n'), 'release'),
    ).toThrow('/usr/bin/bash');
  });

  test('setuid files and files everyone may write', () => {
    const withFile = (mode: number) => {
      const tree = new ImageTree();
      tree.addFile('/a', mode, { data: Buffer.alloc(0) });
      return tree;
    };
    expect(() => checkTree(withFile(0o4755), 'debug')).toThrow('setuid');
    expect(() => checkTree(withFile(0o2755), 'release')).toThrow('setgid');
    expect(() => checkTree(withFile(0o666), 'release')).toThrow('write');
    expect(() => checkTree(withFile(0o755), 'release')).not.toThrow();
  });

  test('links that lead nowhere, unless it exists only at run time', () => {
    expect(() =>
      checkTree(
        select('link /etc/hosts ../run/hosts why\nlink /etc/mtab ../proc/self/mounts why\n'),
        'release',
      ),
    ).not.toThrow();
    expect(() => checkTree(select('link /etc/a ../usr/gone why\n'), 'release')).toThrow(
      'is not in the image',
    );
  });
});
