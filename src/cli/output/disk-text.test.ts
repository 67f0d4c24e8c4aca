import { expect, test } from 'vitest';
import { diskText } from './disk-text.js';

const gibibyte = 1024 ** 3;
const fileSystem = { sizeBytes: 64 * gibibyte, usedBytes: 2 * gibibyte };
const disk = { sizeBytes: 64 * gibibyte, hostBytes: 3 * gibibyte, fileSystem };
const facts = { file: '/state/data.raw', disk, hostFreeBytes: 120 * gibibyte, unsettled: false };

test('one that does not run: what it wrote down last', () => {
  expect(diskText('default', facts, false, null).split('\n')).toEqual([
    'default',
    '  file   /state/data.raw',
    '  size   64 GiB',
    '  used   2.0 GiB in the VM when it last stopped',
    '  takes  3.0 GiB on this machine, 120 GiB are free there',
    '',
  ]);
});

test('one that runs: its own word, and where it says nothing its last', () => {
  const inVm = { usedBytes: 22 * gibibyte };
  expect(diskText('default', facts, true, inVm)).toContain('  used   22 GiB in the VM\n');
  expect(diskText('default', facts, true, null)).toContain(
    '  used   2.0 GiB in the VM when it last started\n',
  );
});

test('one that was made larger, one that was never started, one that is not there', () => {
  const larger = { ...facts, disk: { ...disk, sizeBytes: 128 * gibibyte } };
  expect(diskText('default', larger, false, null)).toContain(
    '  grows  from 64 GiB at the next start of the VM\n',
  );
  const blank = { ...facts, disk: { ...disk, fileSystem: null }, unsettled: true };
  expect(diskText('default', blank, false, null)).not.toContain('used');
  expect(diskText('default', blank, false, null)).toContain('  move   interrupted');
  expect(diskText('default', { ...facts, disk: null }, false, null)).toBe(
    'default\n  file   /state/data.raw\n  state  not there\n',
  );
});
