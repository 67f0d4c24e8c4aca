import { Command } from 'commander';
import type { CliContext } from '../../context.js';
import { addCommand } from './add.js';
import { listCommand } from './list.js';
import { removeCommand } from './remove.js';

export function shareCommand(context: CliContext): Command {
  return new Command('share')
    .description('the directories of this machine that containers may bind')
    .addCommand(listCommand(context), { isDefault: true })
    .addCommand(addCommand(context))
    .addCommand(removeCommand(context));
}
