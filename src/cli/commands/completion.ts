import { Argument, Command } from 'commander';
import type { CliContext } from '../context.js';
import { type CompletionShell, completionScripts, completionShells } from '../completion/scripts.js';

export function completionCommand(context: CliContext): Command {
  return new Command('completion')
    .description('print what lets a shell complete commands, options, instances and settings')
    .addArgument(new Argument('<shell>', 'whose').choices(completionShells))
    .addHelpText(
      'after',
      `
Examples:
  $ eval "$(bulkhead completion bash)"                                          in ~/.bashrc
  $ eval "$(bulkhead completion zsh)"                                           in ~/.zshrc, after compinit
  $ bulkhead completion fish > ~/.config/fish/completions/bulkhead.fish`,
    )
    .action((shell: CompletionShell) => context.terminal.out(completionScripts[shell]));
}
