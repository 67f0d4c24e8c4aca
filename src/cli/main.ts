#!/usr/bin/env node
import { processContext } from './context.js';
import { run } from './run.js';

const interruption = new AbortController();
const interrupt = (): void => interruption.abort(new Error('interrupted'));
// A second Ctrl-C ends the command at once, as the default does.
process.once('SIGINT', interrupt).once('SIGTERM', interrupt);

process.exitCode = await run(process.argv.slice(2), processContext(interruption.signal));
