import type { Reporter, Step } from '../../common/reporter.js';
import { type Phase, phaseNames, type Progress } from '../../vm/index.js';

/** Shows what a controller tells as steps: one for what it prepares, one for the boot, one for the stop. */
export class ProgressView {
  readonly #reporter: Reporter;
  #step: Step | undefined;

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  show(progress: Progress): void {
    if (progress.kind === 'note') {
      this.#reporter.warn(progress.text);
      return;
    }
    switch (progress.state) {
      case 'verifying':
        this.#begin('Verify the image');
        break;
      case 'starting':
        this.#begin('Start the VM');
        break;
      case 'booting':
        // Who comes late hears of a phase first.
        if (progress.phase === undefined || this.#step === undefined) this.#begin('Boot the VM');
        if (progress.phase !== undefined) this.#step?.progress(progress.phase, passed(progress.phase));
        break;
      case 'ready':
        this.#end('engine ready');
        break;
      case 'stopping':
        // What it was doing did not come to its end.
        this.#step?.fail();
        this.#step = this.#reporter.step('Stop the VM');
        break;
      case 'stopped':
        this.#end('stopped');
        break;
      case 'failed':
        this.#step?.fail();
        this.#step = undefined;
        break;
    }
  }

  #begin(name: string): void {
    this.#end();
    this.#step = this.#reporter.step(name);
  }

  #end(detail?: string): void {
    this.#step?.done(detail);
    this.#step = undefined;
  }
}

/** Share of the boot's phases that are behind. */
function passed(phase: Phase): number {
  return (phaseNames.indexOf(phase) + 1) / (phaseNames.indexOf('engine-ready') + 1);
}
