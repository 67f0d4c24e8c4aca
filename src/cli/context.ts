import { fileURLToPath } from 'node:url';
import { systemClock } from '../common/system-clock.js';
import type { Reporter } from '../common/reporter.js';
import { plainReporter } from './output/plain-reporter.js';
import { ttyReporter } from './output/tty-reporter.js';
import { processTerminal, type Terminal } from './terminal.js';

/** What every command is given. */
export interface CliContext {
  readonly terminal: Terminal;
  readonly reporter: Reporter;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The checkout or package this program belongs to. */
  readonly projectDir: string;
  /** How to run this program again, in another process. */
  readonly self: readonly [string, ...string[]];
  /** Aborted by Ctrl-C and by SIGTERM. */
  readonly signal: AbortSignal;
}

export function processContext(signal: AbortSignal): CliContext {
  const terminal = processTerminal();
  const main = fileURLToPath(new URL('main.js', import.meta.url));
  return {
    terminal,
    reporter: terminal.interactive
      ? ttyReporter(terminal, systemClock)
      : plainReporter(terminal, systemClock),
    env: process.env,
    projectDir: fileURLToPath(new URL('../..', import.meta.url)),
    self: [process.execPath, main],
    signal,
  };
}
