import { type BulkheadError, isBulkheadError } from '../../../common/errors/bulkhead-error.js';
import { findQemu, type Qemu } from '../../../vm/qemu/discovery.js';
import { type Check, type Finding, ok, problem, problemOf } from '../check.js';

/** Starts QEMU so that the kernel ends it with the controller. */
const setpriv = '/usr/bin/setpriv';

interface Facts {
  readonly qemu: Qemu | BulkheadError;
  readonly setprivMissing: boolean;
}

export const qemuCheck: Check<Facts> = {
  name: 'qemu',
  async gather({ machine, env, signal }) {
    const qemu = await findQemu(machine.exec, env, signal).catch((error: unknown) => {
      if (isBulkheadError(error)) return error;
      throw error;
    });
    const setprivMissing = machine.platform === 'linux' && (await machine.facts(setpriv)) === undefined;
    return { qemu, setprivMissing };
  },
  judge({ qemu, setprivMissing }) {
    const found: Finding = isBulkheadError(qemu)
      ? problemOf(qemu)
      : ok(`QEMU ${qemu.version} (${qemu.binary})`);
    if (!setprivMissing) return [found];
    return [found, problem(`${setpriv} is missing, without which no VM is started`, 'Install util-linux.')];
  },
};
