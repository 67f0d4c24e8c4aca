import { expect, test } from 'vitest';
import { goldenList, normaliseVersions } from './golden.js';
import type { ListedNode } from './listing.js';

test('shows type, mode and target, sorted, without sizes and versions', () => {
  const listing = new Map<string, ListedNode>([
    ['/usr/lib/libx.so.78.3', { type: 'file', mode: 0o644, size: 5 }],
    ['/usr/lib/libx.so.78', { type: 'symlink', target: 'libx.so.78.3' }],
    ['/tmp', { type: 'directory', mode: 0o1777 }],
  ]);
  expect(goldenList(listing)).toBe(
    '/tmp\tdir\t1777\n/usr/lib/libx.so.N\tfile\t0644\n/usr/lib/libx.so.N\tlink\tlibx.so.N\n',
  );
});

test('only the version of a library is replaced', () => {
  expect(normaliseVersions('/usr/lib/libnode.so.137')).toBe('/usr/lib/libnode.so.N');
  expect(normaliseVersions('/usr/bin/containerd-shim-runc-v2')).toBe('/usr/bin/containerd-shim-runc-v2');
  expect(normaliseVersions('/usr/lib/xtables/libxt_tcp.so')).toBe('/usr/lib/xtables/libxt_tcp.so');
});
