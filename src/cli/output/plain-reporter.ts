import type { Clock } from '../../common/clock.js';
import type { Reporter, Step } from '../../common/reporter.js';
import type { Terminal } from '../terminal.js';
import { describeEnd, seconds } from './step-text.js';

/** One line for each thing that happens, for logs and pipes. Progress that only counts (a fraction) is left out. */
export function plainReporter(terminal: Terminal, clock: Clock): Reporter {
  return {
    step(name) {
      const started = clock.now();
      let last = '';
      terminal.err(`${name} ...\n`);
      const step: Step = {
        progress(detail) {
          if (detail === last) return;
          last = detail;
          terminal.err(`${name}: ${detail} (${seconds(clock.now() - started)})\n`);
        },
        done: (detail) => terminal.err(`${describeEnd(name, 'done', clock.now() - started, detail)}\n`),
        fail: () => terminal.err(`${describeEnd(name, 'failed', clock.now() - started)}\n`),
      };
      return step;
    },
    warn: (message) => terminal.err(`warning: ${message}\n`),
  };
}
