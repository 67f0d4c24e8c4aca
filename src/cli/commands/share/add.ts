import { Command } from 'commander';
import { isBulkheadError } from '../../../common/errors/bulkhead-error.js';
import { inspectInstance, type InstancePaths, instancePaths } from '../../../vm/index.js';
import { parseShare, type ShareRequest } from '../../../vm/sharing/index.js';
import type { CliContext } from '../../context.js';
import { nameOption } from '../../options.js';
import { settingsInUse } from '../../settings-in-use.js';
import { policyOption } from '../policy/policy-files.js';
import { judgeShares, sharedAtStart, writeOwnShares } from './own-shares.js';

interface ShareFlags {
  readonly name: string;
  readonly policy?: string;
}

export function addCommand(context: CliContext): Command {
  return new Command('add')
    .description('let containers bind a directory, at the same path')
    .argument('<directory[:ro]>', 'a directory of this machine')
    .addOption(nameOption())
    .addOption(policyOption())
    .addHelpText(
      'after',
      `
A VM that runs has it at once, where it was booted with a directory at least; else the next start has it, which this says. It is
added to your setting bulkhead.shares, so each start without --share has it. It is judged as \`bulkhead up\` judges it; the
organization's filesharingAllowedDirectories is the bound.

Examples:
  $ bulkhead share add "$PWD"
  $ bulkhead share add ~/fixtures:ro`,
    )
    .action((text: string, flags: ShareFlags) => add(context, parseShare(text), flags));
}

async function add(context: CliContext, share: ShareRequest, { name, policy }: ShareFlags): Promise<void> {
  const paths = instancePaths(name);
  const inUse = await settingsInUse(context.env, policy);
  const before = await sharedAtStart(context, paths, inUse);
  const after = [...before.filter(({ path }) => path !== share.path), share];
  const missing = await judgeShares(context, paths, inUse, after);
  const restart = await addNow(paths, share);
  await writeOwnShares(inUse, after);
  for (const text of missing)
    context.terminal.err(`${text} The next start refuses it; \`bulkhead share remove\` takes it out.\n`);
  context.terminal.err(restart === undefined ? 'Shared now, and at each start.\n' : `${restart}\n`);
}

/** Why the VM that is there does not have it now; undefined where it has. A refusal of its controller is thrown. */
async function addNow(paths: InstancePaths, share: ShareRequest): Promise<string | undefined> {
  const found = await inspectInstance(paths);
  if (found.kind !== 'running') return 'No VM runs: the next start shares it.';
  try {
    await found.client.changeShares({ kind: 'add', share });
    return undefined;
  } catch (error) {
    if (!isBulkheadError(error)) throw error;
    if (error.code === 'BH_SHARE_RESTART' || error.code === 'BH_INSTANCE_NOT_READY')
      return `${error.message}\nThe next start shares it.`;
    throw error;
  }
}
