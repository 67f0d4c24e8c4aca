import type { Argument, Command, Option } from 'commander';
import { ExitCode } from '../../common/errors/definition.js';
import { version } from '../../common/version.js';
import { macro, roffParagraphs, roffText } from './roff.js';

/** What is kept between runs; the code that decides each place is `instancePaths` and its neighbours. */
const files: readonly (readonly [string, string])[] = [
  ['/etc/bulkhead/admin-settings.json', "the organization's policy of this machine"],
  ['/etc/bulkhead/registry.json', "Docker's registry.json, where the policy has people sign in"],
  ['$XDG_CONFIG_HOME/bulkhead/settings.json', "the user's own settings"],
  ['$XDG_STATE_HOME/bulkhead/NAME/', 'data disk, console and logs of an instance'],
  [
    '$XDG_RUNTIME_DIR/bulkhead/NAME/docker.sock',
    'where Docker clients reach the engine of an instance; without the variable below /run/user/UID, for root in /run, else in /tmp/bulkhead-UID',
  ],
  ['$XDG_CACHE_HOME/bulkhead/', 'images, and what they are built from; may be deleted'],
];

/** The page bulkhead(1), from commander's own tree: what `--help` says of each command, in one place. Pure. */
export function manPage(program: Command): string {
  const variables = [...variablesOf(program)].toSorted(([a], [b]) => a.localeCompare(b));
  return `${[
    String.raw`.\" Generated from src/cli by node scripts/man-page.ts; do not edit.`,
    macro('TH', 'BULKHEAD', '1', '', `Bulkhead ${version}`, 'User Commands'),
    macro('SH', 'NAME'),
    `bulkhead ${String.raw`\-`} ${roffText(lowerFirst(program.description()).replace(/\.$/, ''))}`,
    macro('SH', 'SYNOPSIS'),
    macro('B', program.name()),
    roffText('COMMAND [options]'),
    macro('SH', 'DESCRIPTION'),
    ...roffParagraphs(notesOf(program)),
    macro('SH', 'COMMANDS'),
    ...commandsBelow(program).flatMap(sectionOf),
    macro('SH', 'EXIT STATUS'),
    ...Object.entries(ExitCode).flatMap(([name, status]) => item(String(status), statusText(name))),
    macro('SH', 'ENVIRONMENT'),
    ...variables.flatMap(([name, meaning]) => item(name, meaning)),
    macro('SH', 'FILES'),
    ...files.flatMap(([name, meaning]) => item(name, meaning)),
    macro('SH', 'SEE ALSO'),
    roffText('docker(1)'),
  ].join('\n')}\n`;
}

const lowerFirst = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`;

/** `noDiskSpace` as words. */
const statusText = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

const item = (term: string, text: string): string[] => [macro('TP'), macro('B', term), roffText(text)];

const isHelp = (command: Command): boolean => command.name() === 'help';

/** Those that do something by themselves, each group where it stands in the help. */
function commandsBelow(command: Command): Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((child) => !isHelp(child))
    .flatMap((child) => (child.commands.length > 0 ? commandsBelow(child) : [child]));
}

function sectionOf(command: Command): string[] {
  const help = command.createHelp();
  const options = help.visibleOptions(command).filter(({ long }) => long !== '--help');
  return [
    macro('SS', `${pathOf(command)} ${command.usage()}`.trim()),
    `${roffText(command.description())}.`,
    ...command.registeredArguments.filter(({ description }) => description !== '').flatMap(argumentItem),
    ...options.flatMap((option) => [
      macro('TP'),
      macro('B', option.flags),
      roffText(help.optionDescription(option)),
    ]),
    ...roffParagraphs(notesOf(command)),
  ];
}

function argumentItem(argument: Argument): string[] {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return item(argument.required ? `<${name}>` : `[${name}]`, argument.description);
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** What a command says behind its options, as `--help` prints it. */
function notesOf(command: Command): string {
  let printed = '';
  command.configureOutput({ writeOut: (part) => (printed += part) });
  const before = command.helpInformation();
  command.outputHelp();
  return printed.startsWith(before) ? printed.slice(before.length) : '';
}

function variablesOf(command: Command): Map<string, string> {
  const found = new Map<string, string>();
  const note = ({ envVar, long, hidden }: Option): void => {
    if (envVar !== undefined && long !== undefined && !hidden) found.set(envVar, `as ${long}`);
  };
  for (const option of command.options) note(option);
  for (const child of command.commands) for (const [name, text] of variablesOf(child)) found.set(name, text);
  found.set('BULKHEAD_QEMU', 'absolute path of the QEMU to use (default: the first on PATH)');
  found.set('BULKHEAD_DEBUG', '1: an error is printed with its stack');
  return found;
}
