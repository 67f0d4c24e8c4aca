import type { Manifest } from '../image/index.js';
import type { DocumentDisk } from './documents/index.js';
import { type GuestNetwork, kernelNetwork } from './network/index.js';

/**
 * The kernel command line of the VM. It carries the root hash, so it is built from the manifest that `verifyImage` checked
 * and from nothing else: what follows `bulkhead.verity=` decides what the VM trusts.
 *
 * @param documents disks PID 1 has to find. @param highestSerial what the host remembers of the policies that were in force.
 * @param network the addresses PID 1 gives the VM.
 */
export function kernelCommandLine(
  { verity }: Pick<Manifest, 'verity'>,
  documents: readonly Pick<DocumentDisk, 'name' | 'bytes'>[],
  highestSerial: number,
  network: GuestNetwork,
): string {
  const { algorithm, dataBlockSize, hashBlockSize, dataBlocks, salt, rootHash } = verity;
  return [
    'console=ttyS0',
    'quiet',
    // A panic resets at once, which -no-reboot turns into the end of QEMU: a dead VM must not look like a slow one.
    'panic=-1',
    // Boot time, most of it under TCG: no calibration against a second clock, no self-tests, no waiting for slow RCU.
    'tsc=reliable',
    'no_timer_check',
    'cryptomgr.notests',
    'rcupdate.rcu_expedited=1',
    '8250.nr_uarts=1',
    'random.trust_cpu=on',
    // PID 1 configures eth0 by that name; there is no udev to rename it.
    'net.ifnames=0',
    // Nothing in the VM uses the legacy vsyscall page; it is one executable page at a known address less.
    'vsyscall=none',
    // Stall times of each cgroup above a process, reckoned whenever it sleeps or wakes: a program that waits for a shared directory does little else, and nothing here reads them.
    'psi=0',
    `bulkhead.verity=${[algorithm, dataBlockSize, hashBlockSize, dataBlocks, salt, rootHash].join(',')}`,
    ...kernelNetwork(network),
    // A document that is announced and not there ends the boot: no policy at all must not be a policy.
    ...documents.map(({ name, bytes }) => `bulkhead.${name}=${bytes}`),
    ...(highestSerial === 0 ? [] : [`bulkhead.policy-serial=${highestSerial}`]),
  ].join(' ');
}
