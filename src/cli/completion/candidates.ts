import type { Command, Option } from 'commander';

export interface Candidate {
  readonly value: string;
  /** One line; shells that have no use for it leave it out. */
  readonly description: string;
}

/** What may stand at the end of a command line: words we know, or the name of a file, which shells find themselves. */
export type Completion =
  | { readonly kind: 'words'; readonly candidates: readonly Candidate[] }
  | { readonly kind: 'files' }
  | { readonly kind: 'directories' };

/** What is not in the tree of commands: it is looked up only when it is asked for. */
export interface Sources {
  instances(): Promise<readonly string[]>;
  /** Names and meanings. */
  settings(): Promise<readonly Candidate[]>;
}

/**
 * What may come at the place of the last word, by commander's own tree, so that a new command or option is completed without anybody thinking of it. Pure but for
 * the sources.
 *
 * @param words behind the name of the program; the last one, perhaps empty, is the one that is being typed.
 */
export async function complete(
  program: Command,
  words: readonly string[],
  sources: Sources,
): Promise<Completion> {
  const typed = words.at(-1) ?? '';
  let command = program;
  let expecting: Option | undefined;
  let position = 0;
  let optionsEnded = false;
  for (const word of words.slice(0, -1)) {
    if (expecting !== undefined) expecting = undefined;
    else if (word === '--' && !optionsEnded) optionsEnded = true;
    else if (word.startsWith('-') && !optionsEnded)
      expecting = valueExpectedBy(optionNamed(command, word), word);
    else {
      const child = position === 0 ? childOf(command, word) : undefined;
      if (child === undefined) position += 1;
      else command = child;
    }
  }
  if (expecting !== undefined) return valueOf(expecting, typed, sources);
  const [, name, value] = optionsEnded ? [] : (/^(--[^=]+)=(.*)$/s.exec(typed) ?? []);
  const assigned = name === undefined ? undefined : optionNamed(command, name);
  if (assigned !== undefined) return withPrefix(await valueOf(assigned, value ?? '', sources), `${name}=`);
  if (typed.startsWith('-') && !optionsEnded) return wordsOf(optionsOf(command), typed);
  return argumentOf(command, position, typed, sources);
}

/** Undefined for an option that takes no value, or has it behind its equals sign already. */
function valueExpectedBy(option: Option | undefined, word: string): Option | undefined {
  return option !== undefined && option.required && !word.includes('=') ? option : undefined;
}

function optionNamed(command: Command, word: string): Option | undefined {
  const name = word.split('=')[0];
  return visibleOptions(command).find(({ short, long }) => short === name || long === name);
}

const visibleOptions = (command: Command): readonly Option[] => command.createHelp().visibleOptions(command);

const childrenOf = (command: Command): readonly Command[] => command.createHelp().visibleCommands(command);

function childOf(command: Command, word: string): Command | undefined {
  return childrenOf(command).find((child) => child.name() === word || child.aliases().includes(word));
}

function optionsOf(command: Command): Candidate[] {
  return visibleOptions(command).flatMap(({ short, long, description }) => {
    const value = long ?? short;
    return value === undefined ? [] : [{ value, description }];
  });
}

async function argumentOf(
  command: Command,
  position: number,
  typed: string,
  sources: Sources,
): Promise<Completion> {
  const children = childrenOf(command);
  if (children.length > 0 && position === 0)
    return wordsOf(
      children.map((child) => ({ value: child.name(), description: child.description() })),
      typed,
    );
  const { registeredArguments } = command;
  const last = registeredArguments.at(-1);
  const argument = registeredArguments[position] ?? (last?.variadic === true ? last : undefined);
  if (argument === undefined) return wordsOf([], typed);
  if (argument.argChoices !== undefined) return wordsOf(choices(argument.argChoices), typed);
  if (command.parent?.name() === 'settings' && argument.name() === 'name')
    return wordsOf(await sources.settings(), typed);
  return byMeaning(argument.name());
}

async function valueOf(option: Option, typed: string, sources: Sources): Promise<Completion> {
  if (option.argChoices !== undefined) return wordsOf(choices(option.argChoices), typed);
  if (option.attributeName() === 'name')
    return wordsOf(
      (await sources.instances()).map((value) => ({ value, description: 'instance' })),
      typed,
    );
  return byMeaning(/<([^>]*)>/.exec(option.flags)?.[1] ?? '');
}

/** The word in a synopsis says what it stands for; where that is no file, nothing is offered. */
function byMeaning(placeholder: string): Completion {
  if (/directory/.test(placeholder)) return { kind: 'directories' };
  if (/file|path|manifest|before|after/.test(placeholder)) return { kind: 'files' };
  return { kind: 'words', candidates: [] };
}

const choices = (values: readonly string[]): Candidate[] =>
  values.map((value) => ({ value, description: '' }));

const wordsOf = (candidates: readonly Candidate[], typed: string): Completion => ({
  kind: 'words',
  candidates: candidates.filter(({ value }) => value.startsWith(typed)),
});

function withPrefix(completion: Completion, prefix: string): Completion {
  if (completion.kind !== 'words') return completion;
  return {
    kind: 'words',
    candidates: completion.candidates.map(({ value, description }) => ({
      value: `${prefix}${value}`,
      description,
    })),
  };
}
