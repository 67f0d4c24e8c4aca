import { Command } from 'commander';
import { version } from '../common/version.js';
import type { CliContext } from './context.js';

type Load = (context: CliContext) => Promise<Command>;

/** Every command a person is shown, in the order of the help. Loaded only when it is run or shown: `status` answers before all of them are read. */
const commands: Readonly<Record<string, Load>> = {
  up: async (context) => (await import('./commands/up.js')).upCommand(context),
  down: async (context) => (await import('./commands/down.js')).downCommand(context),
  status: async (context) => (await import('./commands/status.js')).statusCommand(context),
  doctor: async (context) => (await import('./commands/doctor.js')).doctorCommand(context),
  env: async (context) => (await import('./commands/env.js')).envCommand(context),
  logs: async (context) => (await import('./commands/logs.js')).logsCommand(context),
  explain: async (context) => (await import('./commands/explain.js')).explainCommand(context),
  audit: async (context) => (await import('./commands/audit.js')).auditCommand(context),
  'sign-in': async (context) => (await import('./commands/sign-in.js')).signInCommand(context),
  'sign-out': async (context) => (await import('./commands/sign-in.js')).signOutCommand(context),
  engine: async (context) => (await import('./commands/engine.js')).engineCommand(context),
  image: async (context) => (await import('./commands/image.js')).imageCommand(context),
  policy: async (context) => (await import('./commands/policy/policy.js')).policyCommand(context),
  settings: async (context) => (await import('./commands/settings/settings.js')).settingsCommand(context),
  share: async (context) => (await import('./commands/share/share.js')).shareCommand(context),
  disk: async (context) => (await import('./commands/disk/disk.js')).diskCommand(context),
  completion: async (context) => (await import('./commands/completion.js')).completionCommand(context),
};

/** For programs: the background process of an instance, and what a shell asks while a person types. */
const hiddenCommands: Readonly<Record<string, Load>> = {
  controller: async (context) => (await import('./commands/controller.js')).controllerCommand(context),
  complete: async (context) =>
    (await import('./commands/complete.js')).completeCommand(context, createProgram),
};

/** @param first the first word of the command line: where it is the name of a command, the program has that one alone. */
export async function createProgram(context: CliContext, first?: string): Promise<Command> {
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
  $ bulkhead doctor                   what is missing, and how to mend it
  $ sudo env "PATH=$PATH" XDG_CACHE_HOME="$HOME/.cache" bulkhead image build
                                      once, and after each update
  $ bulkhead up
  $ eval "$(bulkhead env)"
  $ docker run --rm --privileged bulkhead/probe cat /proc/self/uid_map

Exit status: 0 done; 64 wrong usage; 65 a damaged file; 69 something needed is not there or not running; 74 no disk
space; 75 try again later; 77 refused; 78 something to set up first; 70 a defect of Bulkhead; 1 anything else.`,
    );
  const shown = Object.entries(commands);
  const hidden = Object.entries(hiddenCommands);
  const isFirst = ([name]: readonly [string, Load]): boolean => name === first;
  const one = [...shown, ...hidden].some(isFirst);
  for (const [, load] of one ? shown.filter(isFirst) : shown)
    program.addCommand(inherit(await load(context), program));
  for (const [, load] of hidden.filter(isFirst))
    program.addCommand(inherit(await load(context), program), { hidden: true });
  return program;
}

/** A command added ready-made does not take over how its parent reports usage errors. */
function inherit(command: Command, program: Command): Command {
  command.copyInheritedSettings(program);
  for (const child of command.commands) inherit(child, program);
  return command;
}
