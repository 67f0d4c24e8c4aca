import { BulkheadError, isBulkheadError } from '../common/errors/bulkhead-error.js';
import type { VmExit, VmSpec } from './backend.js';
import type { GuestFailure, Phase } from './phases.js';

export interface Circumstances {
  readonly spec: Pick<VmSpec, 'root' | 'hash' | 'dataDisk' | 'consoleLog'>;
  readonly lastPhase: Phase | undefined;
  /** The first failure the guest reported. */
  readonly guestFailure: GuestFailure | undefined;
  /** The last lines of the serial console. */
  readonly console: readonly string[];
}

/**
 * Why a VM that nobody asked to stop is gone. Pure.
 *
 * What the guest said about itself comes first, then what its kernel printed, then how the backend saw it end: a verity
 * failure shows up as any of a message, a reset and a panic, depending on how early it happens.
 */
export function exitCause(exit: VmExit, circumstances: Circumstances): BulkheadError {
  if (circumstances.guestFailure !== undefined)
    return guestFailureCause(circumstances.guestFailure, circumstances);
  const { spec, lastPhase, console } = circumstances;
  const phase = describePhase(lastPhase);
  const paths = { dataDisk: spec.dataDisk, console: spec.consoleLog };
  switch (exit.kind) {
    case 'killed':
      return new BulkheadError('BH_VM_QEMU_KILLED', { ...paths, signal: exit.signal, phase });
    case 'crashed':
      return new BulkheadError('BH_VM_QEMU_CRASHED', {
        ...paths,
        signal: exit.signal,
        reason: exit.stderr,
        phase,
      });
    case 'exited':
      return new BulkheadError('BH_VM_QEMU_EXITED', {
        ...paths,
        status: exit.status,
        reason: exit.stderr,
        phase,
      });
    case 'guest-panic':
      return verityCause(circumstances) ?? panicCause(console, exit.detail, paths);
    case 'guest-reset':
      return (
        verityCause(circumstances) ??
        (console.some(isPanicLine)
          ? panicCause(console, 'then a reset', paths)
          : new BulkheadError('BH_VM_GUEST_RESET', { ...paths, phase }))
      );
    case 'guest-shutdown':
    case 'host-quit':
      return verityCause(circumstances) ?? new BulkheadError('BH_VM_GUEST_SHUTDOWN', { ...paths, phase });
  }
}

/** The error for a failure the guest reported by itself. Pure. */
export function guestFailureCause(
  failure: GuestFailure,
  { spec }: Pick<Circumstances, 'spec'>,
): BulkheadError {
  const { root, hash, dataDisk, consoleLog: console } = spec;
  const reason = failure.detail === '' ? failure.failure : failure.detail;
  switch (failure.failure) {
    case 'verity-parameters-missing':
    case 'root-not-verified':
      return new BulkheadError('BH_VM_VERITY_PARAMETERS', { reason });
    case 'verity-failed':
      return new BulkheadError('BH_VM_ROOT_CORRUPT', { root, hash, reason });
    case 'data-disk-missing':
      return new BulkheadError('BH_DATA_DISK_MISSING', { dataDisk, console });
    case 'data-disk-corrupt':
      return new BulkheadError('BH_DATA_DISK_CORRUPT', { dataDisk, reason });
    case 'engine-failed':
      return new BulkheadError('BH_VM_ENGINE_FAILED', { dataDisk, console, reason });
    case 'policy-refused':
      return new BulkheadError('BH_VM_POLICY_REFUSED', { reason });
    case 'document-missing':
    case 'module-failed':
    case 'share-failed':
      return new BulkheadError('BH_VM_GUEST_FAILED', { console, reason });
  }
}

/**
 * Whether QEMU crashed before the guest had said anything. Then nothing was begun, the data disk not mounted, and the next try is as good as this one was: the emulation of several
 * processors fails an assertion now and then while a kernel sets up its devices (`iotlb_to_section`, system/physmem.c of QEMU 10.0).
 */
export function crashedBeforeBoot(error: unknown): boolean {
  if (!isBulkheadError(error) || error.code !== 'BH_VM_QEMU_CRASHED') return false;
  return error.params['phase'] === describePhase(undefined);
}

export function describePhase(phase: Phase | undefined): string {
  return phase === undefined ? 'the start of its kernel' : `phase ${phase}`;
}

/** Texts of drivers/md/dm-verity-target.c: "data block 17 is corrupted", "metadata block 1 is corrupted". */
function verityCause({ spec, console }: Circumstances): BulkheadError | undefined {
  const line = console.find((text) =>
    /device-mapper: verity: .*corrupted|dm-verity device corrupted/.test(text),
  );
  if (line === undefined) return undefined;
  const reason = withoutTime(line);
  return new BulkheadError('BH_VM_ROOT_CORRUPT', { root: spec.root, hash: spec.hash, reason });
}

function isPanicLine(line: string): boolean {
  return line.includes('Kernel panic - not syncing');
}

function panicCause(
  console: readonly string[],
  fallback: string,
  paths: Record<string, string>,
): BulkheadError {
  const line = console.find(isPanicLine);
  return new BulkheadError('BH_VM_GUEST_PANIC', {
    ...paths,
    reason: line === undefined ? fallback : withoutTime(line),
  });
}

/** "[    5.450694] text" → "text" */
function withoutTime(line: string): string {
  return line.replace(/^\[\s*\d+\.\d+\] /, '');
}
