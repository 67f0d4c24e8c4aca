import type { Command } from 'commander';
import { silentReporter } from '../../common/reporter.js';
import type { CliContext } from '../context.js';
import { createProgram } from '../program.js';

/** Every command, to be described and never run. */
export function commandTree(): Promise<Command> {
  const nowhere = (): void => undefined;
  const context: CliContext = {
    terminal: { out: nowhere, err: nowhere, interactive: false, columns: 80 },
    reporter: silentReporter,
    env: {},
    projectDir: '/',
    self: ['bulkhead'],
    signal: new AbortController().signal,
  };
  return createProgram(context);
}
