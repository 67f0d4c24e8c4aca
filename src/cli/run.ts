import { type Command, CommanderError } from 'commander';
import { ExitCode } from '../common/errors/definition.js';
import { toUserError } from '../vm/user-error.js';
import type { CliContext } from './context.js';
import { createProgram } from './program.js';

/** Runs one command line (without program names). Resolves with the exit status; reports every error itself. */
export async function run(args: readonly string[], context: CliContext): Promise<number> {
  const program = await createProgram(context, args[0]);
  exitByException(program);
  try {
    await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? ExitCode.ok);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    return report(error, context);
  }
}

function exitByException(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) exitByException(child);
}

/** 128 + SIGINT, as a shell reports it. */
const interrupted = 130;

function report(error: unknown, { terminal, signal, env }: CliContext): number {
  if (signal.aborted && error === signal.reason) {
    terminal.err('Interrupted.\n');
    return interrupted;
  }
  const failure = toUserError(error);
  terminal.err(`error ${failure.code}: ${failure.message}\n`);
  // For people a stack is noise, and it hides the sentence that says what to do.
  if (env['BULKHEAD_DEBUG'] === '1') terminal.err(`${describeStack(error)}\n`);
  return failure.exitCode;
}

function describeStack(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by ${describeStack(error.cause)}`;
}
