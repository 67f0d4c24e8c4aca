import type { Clock } from '../common/clock.js';
import type { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { Logger } from '../common/log.js';
import type { Vm, VmExit, VmSpec } from './backend.js';
import { consoleTail } from './console-tail.js';
import { exitCause, guestFailureCause } from './failure-cause.js';
import { readLines } from '../common/line-reader.js';
import { type GuestFailure, parsePhaseLine, type Phase } from './phases.js';

/**
 * What a guest says of itself is kept and logged on the host. A boot is some ten messages, and each repair of a service one or two; a guest that
 * says more than this would fill the host's memory and disk.
 */
export const mostMessages = 1_000;

/**
 * How long a guest may take to be gone once it was asked, in milliseconds. One that has said `powering-off` is stopping containers and writing its disk, which
 * it bounds itself (8.5 s for the engine, 4 s for what is left of it, 10 s for the disk); one that says nothing hangs.
 */
export const stopDeadlines = { silentMs: 10_000, announcedMs: 30_000 } as const;

/** Why a VM that was asked to stop had its plug pulled: it said nothing, it took too long, or it could not be asked. */
export type PlugReason = 'silent' | 'late' | 'refused';

export interface MachineEvents {
  phase(phase: Phase, guestUptimeMs: number | undefined): void;
  /** The guest reported that it cannot go on. */
  failure(cause: BulkheadError): void;
}

/** A started VM together with what it said about itself: turns the backend's facts into phases and causes. */
export class Machine {
  readonly vm: Vm;
  /** Resolves when the VM is gone and all it said was heard: how it ended, and why if nobody had asked it to. */
  readonly ended: Promise<{ readonly exit: VmExit; readonly cause: BulkheadError }>;
  readonly #spec: VmSpec;
  #lastPhase: Phase | undefined;
  #guestFailure: GuestFailure | undefined;
  #messages = 0;

  constructor(vm: Vm, spec: VmSpec, events: MachineEvents, logger: Logger) {
    this.vm = vm;
    this.#spec = spec;
    const heard = readLines(vm.phasePort, (line) => this.#hear(line, events, logger));
    this.ended = Promise.all([vm.exited, heard]).then(([exit]) => this.#explain(exit));
  }

  get lastPhase(): Phase | undefined {
    return this.#lastPhase;
  }

  /**
   * Asks the guest to stop, and pulls the plug when it refuses or takes too long. Resolves when the VM is gone.
   *
   * @param onPlug called before the plug is pulled on a guest that was asked.
   */
  async stop(
    powerOff: ((signal: AbortSignal) => Promise<void>) | undefined,
    clock: Clock,
    onPlug: (why: PlugReason) => void,
  ): Promise<void> {
    if (powerOff === undefined) {
      await this.vm.destroy();
      return;
    }
    const over = new AbortController();
    const late = this.#untilLate(clock, over.signal);
    const refused = powerOff(over.signal).then<VmExit, VmExit | 'refused'>(
      () => this.vm.exited,
      // One that has begun is not a refusal: what would have answered may have ended already.
      () => (this.#lastPhase === 'powering-off' ? this.vm.exited : ('refused' as const)),
    );
    const outcome = await Promise.race([this.vm.exited, late, refused]);
    over.abort(new Error('the VM was stopped'));
    if (outcome !== 'silent' && outcome !== 'late' && outcome !== 'refused') return;
    onPlug(outcome);
    await this.vm.destroy();
  }

  /** Never resolves with a reason once `over` is aborted. */
  async #untilLate(clock: Clock, over: AbortSignal): Promise<PlugReason | 'over'> {
    try {
      await clock.sleep(stopDeadlines.silentMs, over);
      if (this.#lastPhase !== 'powering-off') return 'silent';
      await clock.sleep(stopDeadlines.announcedMs - stopDeadlines.silentMs, over);
      return 'late';
    } catch {
      return 'over';
    }
  }

  #hear(line: string, events: MachineEvents, logger: Logger): void {
    this.#messages += 1;
    if (this.#messages === mostMessages)
      logger.warn('the guest has said too much and is no longer listened to');
    if (this.#messages >= mostMessages) return;
    const message = parsePhaseLine(line);
    switch (message.kind) {
      case 'phase':
        this.#lastPhase = message.phase;
        events.phase(message.phase, message.uptimeMs);
        break;
      case 'failure':
        logger.error({ failure: message.failure }, 'the guest reported a failure');
        this.#guestFailure ??= message.failure;
        events.failure(guestFailureCause(message.failure, { spec: this.#spec }));
        break;
      case 'unknown':
        logger.warn({ line: message.line }, 'the guest sent an unknown phase');
        break;
    }
  }

  async #explain(exit: VmExit): Promise<{ exit: VmExit; cause: BulkheadError }> {
    const circumstances = {
      spec: this.#spec,
      lastPhase: this.#lastPhase,
      guestFailure: this.#guestFailure,
      console: await consoleTail(this.#spec.consoleLog),
    };
    return { exit, cause: exitCause(exit, circumstances) };
  }
}
