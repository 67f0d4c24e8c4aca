import { Command } from 'commander';
import type { CliContext } from '../../context.js';
import { getCommand } from './get.js';
import { listCommand } from './list.js';
import { setCommand, unsetCommand } from './set.js';

export function settingsCommand(context: CliContext): Command {
  return new Command('settings')
    .description('show and change your own settings, as far as the organization leaves them to you')
    .addCommand(listCommand(context))
    .addCommand(getCommand(context))
    .addCommand(setCommand(context))
    .addCommand(unsetCommand(context));
}
