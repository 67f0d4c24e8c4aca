import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isVerity } from './root-facts.js';

let sys = '';
beforeEach(() => {
  sys = mkdtempSync(join(tmpdir(), 'bulkhead-root-facts-'));
});
afterEach(() => rmSync(sys, { recursive: true }));

function write(file: string, text: string): string {
  const path = join(sys, file);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** A root on device 253:0 with the given mapping over disks of the given serials. */
function measured(name: string, serials: readonly string[]): boolean {
  const mountInfo = write(
    'mountinfo',
    '1 1 0:2 / / rw - rootfs none rw\n20 1 253:0 / / ro - erofs /dev/dm-0 ro\n21 20 0:5 / /proc rw - proc proc rw\n',
  );
  write('dev/block/253:0/dm/name', `${name}\n`);
  serials.forEach((serial, index) => {
    write(`dev/block/253:0/slaves/vd${index}/x`, '');
    write(`block/vd${index}/serial`, `${serial}\n`);
  });
  return isVerity(mountInfo, sys);
}

test('verified: the mapping of the initramfs over the root and its hash tree', () => {
  expect(measured('bulkhead-root', ['bulkhead-root', 'bulkhead-hash'])).toBe(true);
});

test('verified: a root with places for shared directories, whose programs are of the mapping', () => {
  const mountInfo = write(
    'mountinfo',
    '20 1 0:30 / / ro - tmpfs bulkhead-root ro\n21 20 253:0 /usr /usr ro - erofs /dev/dm-0 ro\n',
  );
  expect(isVerity(mountInfo, sys)).toBe(false);
  measured('bulkhead-root', ['bulkhead-root', 'bulkhead-hash']);
  write('mountinfo', '20 1 0:30 / / ro - tmpfs x ro\n21 20 253:0 /usr /usr ro - erofs /dev/dm-0 ro\n');
  expect(isVerity(mountInfo, sys)).toBe(true);
  write('mountinfo', '20 1 253:0 / / ro - erofs x ro\n21 20 0:31 / /usr rw - tmpfs x rw\n');
  expect(isVerity(mountInfo, sys)).toBe(false);
});

test.each([
  ['another mapping', 'other', ['bulkhead-root', 'bulkhead-hash']],
  ['no hash tree below', 'bulkhead-root', ['bulkhead-root']],
  ['no disk below', 'bulkhead-root', []],
])('not verified: %s', (_what, name, serials) => {
  expect(measured(name, serials)).toBe(false);
});

test('not verified: a root that is no mapping at all', () => {
  expect(isVerity(write('mountinfo', '20 1 7:0 / / ro - erofs /dev/loop0 ro\n'), sys)).toBe(false);
});
