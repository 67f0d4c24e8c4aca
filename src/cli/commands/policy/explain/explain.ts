import { Command } from 'commander';
import type { CliContext } from '../../../context.js';
import { explainConnectCommand } from './connect.js';
import { explainImageCommand } from './image.js';

export function explainPolicyCommand(context: CliContext): Command {
  return new Command('explain')
    .description(
      'say what a policy makes of an image or a connection, without pulling, pushing or connecting',
    )
    .addCommand(explainImageCommand(context, 'pull'))
    .addCommand(explainImageCommand(context, 'push'))
    .addCommand(explainConnectCommand(context));
}
