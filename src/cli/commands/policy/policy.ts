import { Command } from 'commander';
import type { CliContext } from '../../context.js';
import { checkCommand } from './check.js';
import { diffCommand } from './diff.js';
import { explainPolicyCommand } from './explain/explain.js';
import { showCommand } from './show.js';
import { signCommand } from './sign.js';
import { verifyCommand } from './verify.js';

export function policyCommand(context: CliContext): Command {
  return new Command('policy')
    .description(
      "check, sign and compare an organization's settings; `up` and `engine` take them with --policy",
    )
    .addCommand(checkCommand(context))
    .addCommand(signCommand(context))
    .addCommand(verifyCommand(context))
    .addCommand(diffCommand(context))
    .addCommand(showCommand(context))
    .addCommand(explainPolicyCommand(context));
}
