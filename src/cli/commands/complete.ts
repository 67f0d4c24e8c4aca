import { Command } from 'commander';
import { printable } from '../../common/printable.js';
import { listInstances } from '../../vm/instance/list.js';
import { type Completion, complete, type Sources } from '../completion/candidates.js';
import type { CliContext } from '../context.js';

/** What a shell asks while a person types (`completion/scripts.ts` has the form of the answer). Nothing is printed where something is wrong. */
export function completeCommand(
  context: CliContext,
  createProgram: (context: CliContext, first?: string) => Promise<Command>,
): Command {
  return new Command('complete').argument('[words...]').action(async (words: string[]) => {
    // With one word alone the commands themselves are asked for.
    const program = await createProgram(context, words.length > 1 ? words[0] : undefined);
    context.terminal.out(completionText(await complete(program, words, sources)));
  });
}

const sources: Sources = {
  instances: () => listInstances(),
  async settings() {
    const { userSettingNames, userSettingTable } = await import('../../policy/index.js');
    return userSettingNames.map((value) => ({ value, description: userSettingTable[value] }));
  },
};

function completionText(completion: Completion): string {
  const lines =
    completion.kind === 'words'
      ? completion.candidates.map(({ value, description }) => `${value}\t${printable(description)}`)
      : [];
  return `${[completion.kind, ...lines].join('\n')}\n`;
}
