import { Command } from 'commander';
import type { CliContext } from '../../../context.js';
import { explainImageCommand } from './image.js';

export function explainPolicyCommand(context: CliContext): Command {
  return new Command('explain')
    .description('say what a policy makes of an image, without pulling or pushing anything')
    .addCommand(explainImageCommand(context, 'pull'))
    .addCommand(explainImageCommand(context, 'push'));
}
