import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../common/clock.js';
import type { Exec } from '../../common/exec.js';
import type { Logger } from '../../common/log.js';
import type { Accelerator, Vm, VmBackend, VmCapabilities, VmHost, VmSpec } from '../backend.js';
import { type AcceleratorChoice, chooseAccelerator } from './accelerator.js';
import { cachedChoice } from './accelerator-cache.js';
import { qemuArguments, sharedMemoryOf } from './arguments.js';
import { findQemu, type Qemu } from './discovery.js';
import { startQemuVm } from './qemu-vm.js';

export interface QemuBackendOptions {
  readonly exec: Exec;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** Where the outcome of the accelerator probe is kept. */
  readonly cacheDir: string;
}

const accelerators: Partial<Record<NodeJS.Platform, Accelerator>> = {
  linux: 'kvm',
  darwin: 'hvf',
  win32: 'whpx',
};

/** Best first; the last one always works. */
export function acceleratorsOf(platform: NodeJS.Platform): readonly Accelerator[] {
  const native = accelerators[platform];
  return native === undefined ? ['tcg'] : [native, 'tcg'];
}

export class QemuBackend implements VmBackend {
  readonly capabilities: VmCapabilities;
  readonly #options: QemuBackendOptions;

  constructor(options: QemuBackendOptions) {
    this.#options = options;
    this.capabilities = {
      backend: 'qemu',
      accelerators: acceleratorsOf(options.platform),
      directKernelBoot: true,
      dataDiskFormat: 'raw',
      reportsPanic: true,
      endsWithParent: options.platform === 'linux',
    };
  }

  async probe(signal: AbortSignal): Promise<VmHost> {
    const { exec, env, cacheDir, platform } = this.#options;
    const qemu = await findQemu(exec, env, signal);
    const probe = (): Promise<AcceleratorChoice> =>
      chooseAccelerator(exec, qemu, this.capabilities.accelerators, platform, signal);
    const key = await cacheKey(qemu);
    const choice =
      key === undefined ? await probe() : await cachedChoice(join(cacheDir, 'accelerator.json'), key, probe);
    return {
      program: qemu.binary,
      description: `QEMU ${qemu.version}`,
      accelerator: choice.accelerator,
      note: note(choice),
    };
  }

  start(spec: VmSpec, host: VmHost, signal: AbortSignal): Promise<Vm> {
    const args = qemuArguments(spec, host.accelerator);
    const { platform } = this.#options;
    const guardedOn = spec.network.hostLoopback ? undefined : platform;
    const forward6Directory = platform === 'linux' ? join(dirname(spec.consoleLog), 'forward6') : undefined;
    const more = { shares: spec.shares, memory: sharedMemoryOf(spec), guardedOn, forward6Directory };
    const parts = { ...this.#options, ...more };
    return startQemuVm(host.program, args, spec.consoleLog, parts, signal);
  }
}

/** What the outcome of the probe depends on; undefined where the boot cannot be told. */
async function cacheKey({ binary, version }: Qemu): Promise<string | undefined> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => undefined);
  if (boot === undefined) return undefined;
  const who = [process.getuid?.(), ...(process.getgroups?.() ?? [])].join(',');
  return createHash('sha256').update([boot.trim(), binary, version, who].join('\n')).digest('hex');
}

function note({ accelerator, refused }: AcceleratorChoice): string | undefined {
  if (refused.length === 0) return undefined;
  const reasons = refused.map((one) => `${one.accelerator.toUpperCase()} does not work here (${one.reason})`);
  const consequence =
    accelerator === 'tcg'
      ? 'using software emulation (TCG), which is several times slower'
      : `using ${accelerator}`;
  return `${reasons.join('; ')}: ${consequence}.`;
}
