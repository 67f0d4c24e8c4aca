import { Command } from 'commander';
import { auditCommand } from './commands/audit.js';
import { controllerCommand } from './commands/controller.js';
import { downCommand } from './commands/down.js';
import { engineCommand } from './commands/engine.js';
import { envCommand } from './commands/env.js';
import { explainCommand } from './commands/explain.js';
import { imageCommand } from './commands/image.js';
import { logsCommand } from './commands/logs.js';
import { policyCommand } from './commands/policy/policy.js';
import { settingsCommand } from './commands/settings/settings.js';
import { signInCommand, signOutCommand } from './commands/sign-in.js';
import { statusCommand } from './commands/status.js';
import { upCommand } from './commands/up.js';
import { version } from '../common/version.js';
import type { CliContext } from './context.js';

export function createProgram(context: CliContext): Command {
  const program = new Command('bulkhead')
    .description(
      'A hardened Docker engine in an immutable VM: every container in a user namespace of its own.',
    )
    .version(version)
    .configureOutput({
      writeOut: (text) => context.terminal.out(text),
      writeErr: (text) => context.terminal.err(text),
    })
    .showHelpAfterError('Run the command with --help for examples.')
    .addHelpText(
      'after',
      `
First steps:
  $ sudo env XDG_CACHE_HOME="$HOME/.cache" bulkhead image build     once, and after each update
  $ bulkhead up
  $ eval "$(bulkhead env)"
  $ docker run --rm --privileged bulkhead/probe cat /proc/self/uid_map

Exit status: 0 done; 64 wrong usage; 65 a damaged file; 69 something needed is not there or not running; 74 no disk
space; 75 try again later; 77 refused; 78 something to set up first; 70 a defect of Bulkhead; 1 anything else.`,
    );
  const commands = [
    upCommand,
    downCommand,
    statusCommand,
    envCommand,
    logsCommand,
    explainCommand,
    auditCommand,
    signInCommand,
    signOutCommand,
    engineCommand,
    imageCommand,
    policyCommand,
    settingsCommand,
  ];
  for (const command of commands) program.addCommand(inherit(command(context), program));
  program.addCommand(inherit(controllerCommand(context), program), { hidden: true });
  return program;
}

/** A command added ready-made does not take over how its parent reports usage errors. */
function inherit(command: Command, program: Command): Command {
  command.copyInheritedSettings(program);
  for (const child of command.commands) inherit(child, program);
  return command;
}
