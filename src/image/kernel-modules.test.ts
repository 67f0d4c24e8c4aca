import fc from 'fast-check';
import { expect, test } from 'vitest';
import { moduleNameOf, normaliseModuleName, orderModules, parseDepends } from './kernel-modules.js';

function findIn(modules: Readonly<Record<string, readonly string[] | 'builtin'>>) {
  return (name: string) => {
    const depends = modules[name];
    return depends === undefined || depends === 'builtin' ? depends : { name, depends };
  };
}

test('a module comes after what it needs, otherwise in the order asked for', () => {
  const find = findIn({
    dm_verity: ['dm_mod', 'dm_bufio'],
    dm_bufio: ['dm_mod'],
    dm_mod: [],
    erofs: [],
    ext4: 'builtin',
  });
  expect(orderModules(['erofs', 'dm-verity', 'ext4', 'dm-mod'], find, 'f')).toEqual([
    'erofs',
    'dm_mod',
    'dm_bufio',
    'dm_verity',
  ]);
});

test('unknown names and circles are errors that name the module', () => {
  expect(() => orderModules(['a'], findIn({}), 'boot.txt')).toThrow(/boot\.txt.*no module a\./);
  expect(() => orderModules(['a'], findIn({ a: ['b'] }), 'f')).toThrow('no module b, which a needs');
  expect(() => orderModules(['a'], findIn({ a: ['b'], b: ['a'] }), 'f')).toThrow(
    'a needs b needs a: circular',
  );
});

test('for any graph without circles every dependency comes first and each module once', () => {
  const graph = fc.array(fc.array(fc.nat(30), { maxLength: 5 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(graph, (edges) => {
      const modules = Object.fromEntries(
        edges.map((to, i) => [`m${i}`, to.filter((j) => j < i).map((j) => `m${j}`)]),
      );
      const order = orderModules(Object.keys(modules).toReversed(), findIn(modules), 'f');
      expect(new Set(order).size).toBe(edges.length);
      for (const [name, depends] of Object.entries(modules)) {
        for (const dependency of depends) expect(order.indexOf(dependency)).toBeLessThan(order.indexOf(name));
      }
    }),
  );
});

test('reads names and dependencies as the kernel writes them', () => {
  expect(parseDepends(Buffer.from('x\0license=GPL\0depends=dm-mod,reed_solomon\0name=dm_verity\0'))).toEqual([
    'dm_mod',
    'reed_solomon',
  ]);
  expect(parseDepends(Buffer.from('x\0depends=\0name=a\0'))).toEqual([]);
  expect(moduleNameOf('kernel/drivers/md/dm-verity.ko.xz')).toBe('dm_verity');
  expect(moduleNameOf('kernel/drivers/md/Makefile')).toBeUndefined();
  expect(normaliseModuleName('virtio-rng')).toBe('virtio_rng');
});
