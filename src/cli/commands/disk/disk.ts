import { Command } from 'commander';
import type { CliContext } from '../../context.js';
import { moveCommand } from './move.js';
import { pruneCommand } from './prune.js';
import { resizeCommand } from './resize.js';
import { showCommand } from './show.js';

export function diskCommand(context: CliContext): Command {
  return new Command('disk')
    .description('the data disk, which keeps images, volumes and containers: how large, how full, where')
    .addCommand(showCommand(context), { isDefault: true })
    .addCommand(resizeCommand(context))
    .addCommand(moveCommand(context))
    .addCommand(pruneCommand(context));
}
