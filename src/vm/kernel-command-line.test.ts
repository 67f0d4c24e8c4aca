import { expect, test } from 'vitest';
import { kernelCommandLine } from './kernel-command-line.js';

test('carries the verity table parameters of the manifest', () => {
  const line = kernelCommandLine({
    verity: {
      algorithm: 'sha256',
      dataBlockSize: 4096,
      hashBlockSize: 1024,
      dataBlocks: 31_657,
      salt: 'ab'.repeat(4),
      rootHash: 'cd'.repeat(32),
    },
  });
  expect(line.split(' ')).toMatchInlineSnapshot(`
    [
      "console=ttyS0",
      "quiet",
      "panic=-1",
      "tsc=reliable",
      "no_timer_check",
      "cryptomgr.notests",
      "rcupdate.rcu_expedited=1",
      "8250.nr_uarts=1",
      "random.trust_cpu=on",
      "net.ifnames=0",
      "vsyscall=none",
      "bulkhead.verity=sha256,4096,1024,31657,abababab,cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
    ]
  `);
});
