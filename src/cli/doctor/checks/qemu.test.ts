import { expect, test } from 'vitest';
import { BulkheadError } from '../../../common/errors/bulkhead-error.js';
import { judged } from '../test-support/judged.js';
import { qemuCheck } from './qemu.js';

test('one that can be used', () => {
  const qemu = { binary: '/usr/bin/qemu-system-x86_64', version: '10.0.2' };
  expect(judged(qemuCheck, { qemu, setprivMissing: false })).toEqual([
    'ok: QEMU 10.0.2 (/usr/bin/qemu-system-x86_64)',
  ]);
  expect(judged(qemuCheck, { qemu, setprivMissing: true })[1]).toMatch(/^problem: \/usr\/bin\/setpriv/);
});

test('one that cannot, in the words of `up`', () => {
  const qemu = new BulkheadError('BH_QEMU_TOO_OLD', { binary: '/q', version: '7.2.9', minimum: '8.2' });
  expect(judged(qemuCheck, { qemu, setprivMissing: false })[0]).toMatch(
    /^problem: QEMU 7\.2\.9 \(\/q\) is too old: .*double-fault at boot → .*Install a newer QEMU/,
  );
});
