import { describe, expect, test } from 'vitest';
import { Command, Option } from 'commander';
import { type Completion, complete, type Sources } from './candidates.js';

const sources: Sources = {
  instances: async () => ['ci', 'default'],
  settings: async () => [{ value: 'bulkhead.cpus', description: 'processors' }],
};

function program(): Command {
  const name = (): Option => new Option('-n, --name <name>', 'the instance');
  const settings = new Command('settings').addCommand(
    new Command('set').argument('<name>').argument('<value>'),
  );
  const top = new Command('bulkhead')
    .addCommand(
      new Command('up')
        .description('boot')
        .addOption(name())
        .option('--policy <file>', 'policy')
        .option('--image <directory>', 'image')
        .option('--memory <MiB>', 'memory')
        .addOption(new Option('--secret', 'hidden').hideHelp())
        .addOption(new Option('--shell <shell>', 'whose').choices(['sh', 'fish'])),
    )
    .addCommand(new Command('check').argument('<file>'))
    .addCommand(settings);
  top.addCommand(new Command('controller'), { hidden: true });
  return top;
}

const words = async (...typed: string[]): Promise<string[]> => {
  const found = await complete(program(), typed, sources);
  return found.kind === 'words' ? found.candidates.map(({ value }) => value) : [found.kind];
};

describe('complete', () => {
  test('commands, without those that are hidden', async () => {
    expect(await words('')).toEqual(['up', 'check', 'settings', 'help']);
    expect(await words('u')).toEqual(['up']);
    expect(await words('settings', '')).toEqual(['set', 'help']);
  });

  test('options of the command that is typed, without those that are hidden', async () => {
    const options = ['--name', '--policy', '--image', '--memory', '--shell', '--help'];
    expect(await words('up', '--')).toEqual(options);
    expect(await words('up', '--m')).toEqual(['--memory']);
    expect(await words('up', '-n', 'ci', '--p')).toEqual(['--policy']);
  });

  test.each<[readonly string[], readonly string[]]>([
    [
      ['up', '--name', ''],
      ['ci', 'default'],
    ],
    [['up', '-n', 'd'], ['default']],
    [['up', '--name=c'], ['--name=ci']],
    [
      ['up', '--shell', ''],
      ['sh', 'fish'],
    ],
    [['up', '--shell=f'], ['--shell=fish']],
    [['up', '--policy', ''], ['files']],
    [['up', '--policy=x'], ['files']],
    [['up', '--image', ''], ['directories']],
    [['up', '--memory', ''], []],
    [['check', ''], ['files']],
    [['check', '--', ''], ['files']],
    [['check', 'a.json', ''], []],
    [['settings', 'set', 'bulkhead.c'], ['bulkhead.cpus']],
    [['settings', 'set', 'bulkhead.cpus', ''], []],
    [['nonsense', ''], []],
  ])('values: %j', async (typed, expected) => {
    expect(await words(...typed)).toEqual(expected);
  });

  test('descriptions come along', async () => {
    const found: Completion = await complete(program(), ['up'], sources);
    expect(found).toEqual({ kind: 'words', candidates: [{ value: 'up', description: 'boot' }] });
  });
});
