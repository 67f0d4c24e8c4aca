import { processContext } from './context.js';
import { run } from './run.js';

/** Runs this process's command line. Resolves with its exit status. */
export function start(): Promise<number> {
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort(new Error('interrupted'));
  // A second Ctrl-C ends the command at once, as the default does.
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  return run(process.argv.slice(2), processContext(interruption.signal));
}
