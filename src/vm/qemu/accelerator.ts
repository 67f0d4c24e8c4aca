import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Exec } from '../../common/exec.js';
import type { Accelerator } from '../backend.js';
import { cpuModel } from './arguments.js';
import type { Qemu } from './discovery.js';
import { lastWords } from './exit.js';
import { endingWithParent } from './parent-death.js';
import { probeExitStatus, probeRom } from './probe-guest.js';

/** A guest of forty instructions; under TCG it takes less than 0.1 s. */
const probeDeadlineMs = 3_000;

export interface AcceleratorChoice {
  readonly accelerator: Accelerator;
  /** Why each better one was passed over, in words. */
  readonly refused: readonly { readonly accelerator: Accelerator; readonly reason: string }[];
}

/**
 * The first accelerator that really runs a guest. A device file that can be opened proves nothing.
 * Throws `BH_QEMU_UNUSABLE` when not even the last one does, or the signal's reason.
 */
export async function chooseAccelerator(
  exec: Exec,
  qemu: Qemu,
  candidates: readonly Accelerator[],
  platform: NodeJS.Platform,
  signal?: AbortSignal,
): Promise<AcceleratorChoice> {
  const directory = await mkdtemp(join(tmpdir(), 'bulkhead-probe-'));
  try {
    const rom = join(directory, 'probe.bin');
    await writeFile(rom, probeRom());
    const refused: { accelerator: Accelerator; reason: string }[] = [];
    for (const accelerator of candidates) {
      const reason = await tryAccelerator(exec, qemu, accelerator, rom, platform, signal);
      if (reason === undefined) return { accelerator, refused };
      refused.push({ accelerator, reason });
    }
    const reasons = refused.map(({ accelerator, reason }) => `${accelerator}: ${reason}`);
    throw new BulkheadError('BH_QEMU_UNUSABLE', {
      binary: qemu.binary,
      reason: `it cannot run even a tiny guest (${reasons.join('; ')})`,
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Undefined when the guest ran to its end, else why not. */
async function tryAccelerator(
  exec: Exec,
  { binary }: Qemu,
  accelerator: Accelerator,
  rom: string,
  platform: NodeJS.Platform,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const [file, ...args] = endingWithParent([binary, ...probeArguments(accelerator, rom)], platform);
  const options = { timeoutMs: probeDeadlineMs, ...(signal === undefined ? {} : { signal }) };
  try {
    const { exitCode, stderr } = await exec.run(file, args, options);
    if (exitCode === probeExitStatus) return undefined;
    return exitCode === 0 ? 'the test guest crashed' : lastWords(stderr);
  } catch (error) {
    signal?.throwIfAborted();
    return isTimeout(error)
      ? `a tiny test guest did not finish within ${probeDeadlineMs / 1000} s`
      : 'QEMU crashed with a tiny test guest';
  }
}

/** How execa marks that the deadline was what ended the program. */
function isTimeout(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'timedOut' in error && error.timedOut === true;
}

function probeArguments(accelerator: Accelerator, rom: string): string[] {
  return [
    ['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-m', '16M'],
    ['-machine', `q35,i8042=off,vmport=off,accel=${accelerator}`, '-cpu', cpuModel(accelerator)],
    ['-bios', rom, '-device', 'isa-debug-exit,iobase=0xf4,iosize=1'],
  ].flat();
}
