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

  /** Asks the guest to stop, and pulls the plug when it refuses or is not gone after `deadlineMs`. True when the plug was not needed. */
  async stop(
    powerOff: ((signal: AbortSignal) => Promise<void>) | undefined,
    clock: Clock,
    deadlineMs: number,
  ): Promise<boolean> {
    if (powerOff === undefined) {
      await this.vm.destroy();
      return false;
    }
    const over = new AbortController();
    const late = clock.sleep(deadlineMs, over.signal).then(
      () => 'late' as const,
      () => 'over' as const,
    );
    const refused = powerOff(over.signal).then(
      () => this.vm.exited,
      () => 'refused' as const,
    );
    const outcome = await Promise.race([this.vm.exited, late, refused]);
    over.abort(new Error('the VM was stopped'));
    if (outcome !== 'late' && outcome !== 'refused') return true;
    await this.vm.destroy();
    return false;
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
