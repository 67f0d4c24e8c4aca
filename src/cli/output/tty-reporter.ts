import type { Clock } from '../../common/clock.js';
import type { Reporter, Step } from '../../common/reporter.js';
import type { Terminal } from '../terminal.js';
import { describeEnd, fit, seconds } from './step-text.js';

const eraseLine = '\r\u001B[K';
const redrawMs = 1_000;

interface Running {
  readonly name: string;
  readonly started: number;
  detail: string;
  fraction: number | undefined;
}

/**
 * Redraws one line in place, with the seconds gone by, and leaves one line behind for each step that ended. Steps may overlap; the
 * newest is shown.
 */
export function ttyReporter(terminal: Terminal, clock: Clock): Reporter {
  const running: Running[] = [];
  let timer: NodeJS.Timeout | undefined;

  const draw = (): void => {
    const current = running.at(-1);
    terminal.err(
      current === undefined ? eraseLine : `${eraseLine}${fit(line(current, clock.now()), terminal.columns)}`,
    );
  };
  const keep = (text: string): void => {
    terminal.err(`${eraseLine}${text}\n`);
    draw();
  };
  const end = (step: Running): void => {
    running.splice(running.indexOf(step), 1);
    if (running.length > 0) return;
    clearInterval(timer);
    timer = undefined;
  };

  return {
    step(name): Step {
      const step: Running = { name, started: clock.now(), detail: '', fraction: undefined };
      running.push(step);
      // Only the display: nothing waits for it, and it never keeps the process alive.
      timer ??= setInterval(draw, redrawMs).unref();
      draw();
      return {
        progress(detail, fraction) {
          step.detail = detail;
          step.fraction = fraction;
          draw();
        },
        done(detail) {
          end(step);
          keep(describeEnd(name, 'done', clock.now() - step.started, detail));
        },
        fail() {
          end(step);
          keep(describeEnd(name, 'failed', clock.now() - step.started));
        },
      };
    },
    warn: (message) => keep(`warning: ${message}`),
  };
}

function line({ name, detail, fraction, started }: Running, now: number): string {
  const percent = fraction === undefined ? '' : ` ${Math.floor(fraction * 100)} %`;
  const what = detail === '' ? '' : `: ${detail}`;
  return `${name}${what}${percent}  ${seconds(now - started)}`;
}
