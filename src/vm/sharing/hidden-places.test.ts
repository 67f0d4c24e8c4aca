import { expect, test } from 'vitest';
import { canBeHidden, hiddenBelow, type KeptPlace } from './hidden-places.js';
import type { HostPlace } from './host-place.js';

const at = (within: string, device = '8:1'): HostPlace => ({
  realPath: `/disk${within}`,
  device,
  within,
  filesystem: 'ext4',
});
const kept = (within: string, own = true, device?: string): KeptPlace => ({
  place: at(within, device),
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

test('what is kept and what is mounted in a share is hidden, the outer of two alone', () => {
  const mount = (point: string): string => `36 35 8:9 / ${point} rw - ext4 /dev/sdb rw`;
  const mounts = ['/', '/disk/home/u', '/disk/home/u/mnt', '/disk/home/u/a\\040b', '/disk/home/user/no']
    .map(mount)
    .join('\n');
  const places = [kept('/home/u/.state/bulkhead'), kept('/home/u/mnt/in'), kept('/srv')];
  expect(hiddenBelow(at('/home/u'), places, mounts)).toEqual(['.state/bulkhead', 'a b', 'mnt']);
  expect(hiddenBelow(at('/home/u/mnt/in/deep'), places, mounts)).toEqual([]);
});
