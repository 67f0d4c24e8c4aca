import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { globToRegExp, parseModuleNames, parsePackages, parseRootRules } from './recipe.js';

const recipeDir = new URL('../../vm-image/', import.meta.url);

test('the recipe in the repository is well formed', async () => {
  const [packages, rules] = await Promise.all(
    ['packages.txt', 'root.txt'].map((name) => readFile(new URL(name, recipeDir), 'utf8')),
  );
  expect(parsePackages(packages ?? '', 'packages.txt')).toContain('docker.io');
  expect(parseRootRules(rules ?? '', 'root.txt')).toContainEqual({ verb: 'keep', path: '/usr/sbin/dockerd' });
});

test('each verb becomes its rule, comments and blank lines are skipped', () => {
  const text = '# head\n\nkeep /a/* why\nmove /b /c why # more\nlink /d ../e why\ndir /tmp 1777 why\n';
  expect(parseRootRules(text, 'f')).toEqual([
    { verb: 'keep', path: '/a/*' },
    { verb: 'move', path: '/b', target: '/c' },
    { verb: 'link', path: '/d', target: '../e' },
    { verb: 'dir', path: '/tmp', mode: 0o1777 },
  ]);
});

test.each([
  ['keep /a', 'has no reason'],
  ['link /a b', 'has no reason'],
  ['keep a/b why', 'not an absolute path'],
  ['keep /a/../b why', 'not an absolute path'],
  ['move /a ../b why', 'not an absolute path'],
  ['dir /a 4755 why', 'not a mode'],
  ['copy /a b why', 'not a verb'],
])('refuses "%s"', (line, reason) => {
  expect(() => parseRootRules(`# one\n${line}\n`, 'root.txt')).toThrow(new RegExp(`root\\.txt:2.*${reason}`));
});

test('a package needs a reason and is named once', () => {
  expect(parsePackages('runc the runtime\n', 'p')).toEqual(['runc']);
  expect(() => parsePackages('runc\n', 'p')).toThrow('has no reason');
  expect(() => parsePackages('runc a\nrunc b\n', 'p')).toThrow('twice');
  expect(() => parsePackages('Runc=1 a\n', 'p')).toThrow('not a package name');
});

test('module lists hold one name a line', () => {
  expect(parseModuleNames('# c\nvirtio_blk\n\ndm-verity # why\n', 'm')).toEqual(['virtio_blk', 'dm-verity']);
  expect(() => parseModuleNames('a b\n', 'm')).toThrow('not one module name');
  expect(() => parseModuleNames('../a\n', 'm')).toThrow('not one module name');
});

test('one star stays within a directory, two do not, and a dot is only a dot', () => {
  expect(globToRegExp('/a/lib*.so').test('/a/libx.so')).toBe(true);
  expect(globToRegExp('/a/lib*.so').test('/a/lib/x.so')).toBe(false);
  expect(globToRegExp('/a/lib*.so').test('/a/libxqso')).toBe(false);
  expect(globToRegExp('/a/**').test('/a/b/c')).toBe(true);
  expect(globToRegExp('/a/**').test('/x/a/b')).toBe(false);
});
