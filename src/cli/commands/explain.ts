import { Command } from 'commander';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { ExitCode } from '../../common/errors/definition.js';
import { printableJson } from '../../common/printable.js';
import type { ContainerExplanation, ExplainQuestion } from '../../common/explanation.js';
import type { CliContext } from '../context.js';
import { findEngine, type FoundEngine } from '../find-engine.js';
import { recordCreate } from '../explain/record-create.js';
import { jsonOption, nameOption } from '../options.js';
import { explanationText } from '../output/explanation-text.js';

interface ExplainFlags {
  readonly name: string;
  readonly json?: boolean;
}

const exitCodes: Readonly<Record<ContainerExplanation['verdict'], ExitCode>> = {
  isolated: ExitCode.ok,
  refused: ExitCode.refused,
  'engine-refused': ExitCode.unavailable,
};

export function explainCommand(context: CliContext): Command {
  return new Command('explain')
    .description('say what isolation changes of a container, or why it is refused')
    .argument(
      '<container or command...>',
      'a container by name or id, or after -- a `docker run …` command line',
    )
    .addOption(nameOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
A command line is read by your own docker. The engine then makes such a container, asks the rules about it, and removes
it; it is never started, and nothing is pulled.

Exit status 0 when the container is made (with the changes shown), 77 when it is refused, 69 when the engine itself
says no first.

Examples:
  $ bulkhead explain -- docker run --privileged -v /etc:/host alpine
  $ bulkhead explain my-container --json | jq '.changes[] | select(.rule == "devices")'`,
    )
    .action(async (words: string[], flags: ExplainFlags) => {
      const engine = await findEngine(flags.name);
      const question = await questionOf(words, engine, context);
      const explanation = await engine.ask(question, context.signal);
      context.terminal.out(
        flags.json === true
          ? `${printableJson(JSON.stringify(explanation))}\n`
          : explanationText(explanation),
      );
      process.exitCode = exitCodes[explanation.verdict];
    });
}

async function questionOf(
  words: readonly string[],
  { dockerSocket }: FoundEngine,
  { env, signal }: CliContext,
): Promise<ExplainQuestion> {
  const [container, ...more] = words;
  if (container === undefined) throw new BulkheadError('BH_EXPLAIN_COMMAND', { command: '' });
  if (more.length === 0) return { container };
  return await recordCreate(words, { env, engineSocket: dockerSocket, signal });
}
