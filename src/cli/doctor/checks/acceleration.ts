import { type BulkheadError, isBulkheadError } from '../../../common/errors/bulkhead-error.js';
import { type AcceleratorChoice, chooseAccelerator } from '../../../vm/qemu/accelerator.js';
import { findQemu } from '../../../vm/qemu/discovery.js';
import { acceleratorsOf } from '../../../vm/qemu/qemu-backend.js';
import { type Check, ok, problemOf, warning } from '../check.js';
import type { Machine } from '../site.js';

const device = '/dev/kvm';

interface Facts {
  readonly platform: NodeJS.Platform;
  /** What came of running a tiny guest; undefined where no QEMU is there to run it. */
  readonly choice: AcceleratorChoice | BulkheadError | undefined;
  readonly kvm: KvmFacts | undefined;
}

interface KvmFacts {
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  readonly openFailure: string | undefined;
}

/** A device that can be opened proves nothing, so a guest is run, as `up` does; who may open it only explains why not. */
export const accelerationCheck: Check<Facts> = {
  name: 'acceleration',
  async gather({ machine, env, signal }) {
    const { platform } = machine;
    const qemu = await findQemu(machine.exec, env, signal).catch(() => undefined);
    const candidates = acceleratorsOf(platform);
    const choice =
      qemu === undefined
        ? undefined
        : await chooseAccelerator(machine.exec, qemu, candidates, platform, signal).catch(
            (error: unknown) => {
              if (isBulkheadError(error)) return error;
              throw error;
            },
          );
    return { platform, choice, kvm: platform === 'linux' ? await kvmFacts(machine) : undefined };
  },
  judge({ platform, choice, kvm }) {
    if (choice === undefined) return [warning('not tried: QEMU comes first', 'See qemu above.')];
    if (isBulkheadError(choice)) return [problemOf(choice)];
    const { accelerator, refused } = choice;
    if (accelerator !== 'tcg') return [ok(`${accelerator.toUpperCase()}: a tiny guest ran`)];
    const reasons = refused.map((one) => `${one.accelerator.toUpperCase()}: ${one.reason}`).join('; ');
    const slow = `software emulation (TCG), several times slower${reasons === '' ? '' : ` (${reasons})`}`;
    if (platform !== 'linux') return [warning(slow, 'Switch virtualization on in the firmware.')];
    if (kvm === undefined)
      return [
        warning(
          `${slow}; there is no ${device}`,
          'Switch virtualization (VT-x, AMD-V) on in the firmware, or, where this machine is virtual itself, nested virtualization on its host; then `sudo modprobe kvm_intel` or `kvm_amd`.',
        ),
      ];
    if (kvm.openFailure === 'EACCES' || kvm.openFailure === 'EPERM')
      return [
        warning(
          `${slow}; ${device} is for ${kvm.owner}:${kvm.group}, mode ${kvm.mode.toString(8)}`,
          admission(kvm),
        ),
      ];
    return [
      warning(
        `${slow}; ${device} ${kvm.openFailure === undefined ? 'can be opened, but runs no guest' : `cannot be opened (${kvm.openFailure})`}`,
        'Where this machine is virtual itself, its host has to offer nested virtualization.',
      ),
    ];
  },
};

/** Nobody is told to join the group of root: where the device has no group of its own, it gets one first. */
function admission({ mode, group }: KvmFacts): string {
  const join = (name: string): string =>
    `\`sudo usermod -aG ${name} "$USER"\`, then sign in to this machine anew.`;
  if (group !== 'root' && (mode & 0o060) === 0o060) return join(group);
  return `\`sudo groupadd -f kvm && sudo chgrp kvm ${device} && sudo chmod 660 ${device}\` (udev does it where it runs), and ${join('kvm')}`;
}

async function kvmFacts(machine: Machine): Promise<KvmFacts | undefined> {
  const facts = await machine.facts(device);
  if (facts === undefined) return undefined;
  const lines = (await machine.text('/etc/group'))?.split('\n') ?? [];
  const group = lines.map((line) => line.split(':')).find(([, , id]) => id === String(facts.gid))?.[0];
  return {
    mode: facts.mode,
    owner: facts.uid === 0 ? 'root' : String(facts.uid),
    group: group ?? String(facts.gid),
    openFailure: await machine.openFailure(device),
  };
}
