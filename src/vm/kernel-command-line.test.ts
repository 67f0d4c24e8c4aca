import { expect, test } from 'vitest';
import { kernelCommandLine } from './kernel-command-line.js';
import { guestNetwork } from './network/index.js';

const network = guestNetwork('192.168.65.0/24');

const manifest = {
  verity: {
    algorithm: 'sha256',
    dataBlockSize: 4096,
    hashBlockSize: 1024,
    dataBlocks: 31_657,
    salt: 'ab'.repeat(4),
    rootHash: 'cd'.repeat(32),
  },
} as const;

test('announces the documents, and the highest serial once there was one', () => {
  const documents = [
    { name: 'policy', bytes: 512 },
    { name: 'settings', bytes: 2 },
  ] as const;
  const plain = kernelCommandLine(manifest, [], 0, network);
  expect(kernelCommandLine(manifest, documents, 0, network)).toBe(
    `${plain} bulkhead.policy=512 bulkhead.settings=2`,
  );
  expect(kernelCommandLine(manifest, documents.slice(0, 1), 7, network)).toBe(
    `${plain} bulkhead.policy=512 bulkhead.policy-serial=7`,
  );
});

test('carries the verity table parameters of the manifest', () => {
  const line = kernelCommandLine(manifest, [], 0, network);
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
      "psi=0",
      "bulkhead.verity=sha256,4096,1024,31657,abababab,cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
      "bulkhead.net=192.168.65.3/24,192.168.65.1,192.168.65.2,192.168.65.4",
      "bulkhead.names-without=ipv6",
    ]
  `);
});
