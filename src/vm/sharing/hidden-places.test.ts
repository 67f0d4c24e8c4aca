import { expect, test } from 'vitest';
import { canBeHidden, hiddenBelow, isPinned, type KeptPlace } from './hidden-places.js';
import type { HostPlace } from './host-place.js';

const at = (within: string, device = '8:1'): HostPlace => ({
  realPath: `/disk${within}`,
  device,
  within,
  filesystem: 'ext4',
});
const kept = (within: string, own = true, device?: string): KeptPlace => ({
  place: at(within, device),
  inode: BigInt(within.length),
  identity: `of ${within}`,
  what: 'x',
  own,
});

test.each([
  ['below, of our own', kept('/home/u/.local/state/bulkhead'), true],
  ['below, of the system', kept('/home/u/x', false), false],
  ['the share itself', kept('/home/u'), false],
  ['above it', kept('/home'), false],
  ['beside it', kept('/home/user'), false],
  ['below by its name alone, as a subvolume is', kept('/home/u/x', true, '8:2'), true],
  [
    'on another file system',
    { ...kept('/home/u/x'), place: { ...at('/home/u/x', '8:2'), realPath: '/mnt/x' } },
    false,
  ],
])('what can be hidden: %s', (_what, place, hidden) => {
  expect(canBeHidden(at('/home/u'), place)).toBe(hidden);
});

test('what is kept in a share is hidden, the outer of two alone, with what it is', () => {
  const places = [
    kept('/home/u/state/inner'),
    kept('/home/u/state'),
    kept('/home/u/state-of-another'),
    kept('/home/u/x', false),
    kept('/home/u/volume', true, '8:2'),
    kept('/srv'),
  ];
  expect(hiddenBelow(at('/home/u'), places)).toEqual([
    { path: 'state', device: '8:1', inode: 13n, identity: 'of /home/u/state' },
    { path: 'state-of-another', device: '8:1', inode: 24n, identity: 'of /home/u/state-of-another' },
    { path: 'volume', device: '8:2', inode: 14n, identity: 'of /home/u/volume' },
  ]);
  expect(hiddenBelow(at('/home/u/state/inner/deep'), places)).toEqual([]);
});

test.each([
  ['above what is hidden', at('/home/u/config'), true],
  ['the same by its name alone', at('/home/u/config', '8:2'), true],
  ['beside it, of a like name', at('/home/u/conf'), false],
  ['the share itself', at('/home/u'), false],
  ['above the share', at('/home'), false],
  ['elsewhere', { ...at('/srv/config'), realPath: '/srv/config' }, false],
])('what nobody renames: %s', (_what, place, pinned) => {
  const hidden = hiddenBelow(at('/home/u'), [kept('/home/u/config/own')]);
  expect(isPinned(at('/home/u'), place, hidden)).toBe(pinned);
});
