import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { BulkheadError, isBulkheadError } from '../../../common/errors/bulkhead-error.js';
import { inspectInstance, type InstancePaths, instancePaths } from '../../../vm/index.js';
import type { ShareRequest } from '../../../vm/sharing/index.js';
import type { CliContext } from '../../context.js';
import { nameOption } from '../../options.js';
import { settingsInUse } from '../../settings-in-use.js';
import { policyOption } from '../policy/policy-files.js';
import { sharedAtStart, writeOwnShares } from './own-shares.js';

interface ShareFlags {
  readonly name: string;
  readonly policy?: string;
  readonly force?: boolean;
}

export function removeCommand(context: CliContext): Command {
  return new Command('remove')
    .description('take a directory away from containers')
    .argument('<directory>', 'as `bulkhead share list` shows it')
    .addOption(nameOption())
    .addOption(policyOption())
    .option('--force', 'also where a container uses it, and where the VM does not let go of it')
    .addHelpText(
      'after',
      `
While a container uses it, it stays, and this says which one. Otherwise a VM that runs loses it at once, and so does your setting
bulkhead.shares. With --force it goes whatever the VM says, or if it says nothing: its server on this machine ends. What uses it
then has a directory that answers nothing, until it is started anew. The VM comes first: what is wrong with your settings keeps
none, and is told.

Examples:
  $ bulkhead share remove "$PWD"
  $ bulkhead share remove --force "$PWD"`,
    )
    .action((directory: string, flags: ShareFlags) => remove(context, resolve(directory), flags));
}

/**
 * The VM that runs first. Threat: settings, policies and records that make no sense, or a file system that does not answer, keep a directory with containers that a person wants it
 * taken from.
 */
async function remove(
  context: CliContext,
  path: string,
  { name, policy, force = false }: ShareFlags,
): Promise<void> {
  const { terminal } = context;
  const paths = instancePaths(name);
  const gone = await removeNow(paths, path, force);
  if (gone) terminal.err('It is not shared any more.\n');
  try {
    const wasThere = await removeFromSettings(context, paths, path, policy);
    if (!gone && !wasThere) throw new BulkheadError('BH_SHARE_UNKNOWN', { path });
    if (!gone) terminal.err('The next start does not share it.\n');
  } catch (error) {
    if (gone) terminal.err('The next start may share it again, as your settings were not changed:\n');
    throw error;
  }
}

/** Whether the next start would have shared it. @throws BH_POLICY_…, BH_SETTINGS_…, BH_SHARE_RECORD; then nothing is written. */
async function removeFromSettings(
  context: CliContext,
  paths: InstancePaths,
  path: string,
  policy: string | undefined,
): Promise<boolean> {
  const inUse = await settingsInUse(context.env, policy);
  const before = await sharedAtStart(context, paths, inUse);
  const after: ShareRequest[] = [];
  for (const share of before) if (!(await isNamed(share, path))) after.push(share);
  if (after.length === before.length) return false;
  await writeOwnShares(inUse, after);
  return true;
}

/** By the name it was asked for by, or its real one, which is not looked for where that is not needed: its file system may not answer. */
async function isNamed(share: ShareRequest, path: string): Promise<boolean> {
  return share.path === path || (await realpath(share.path).catch(() => share.path)) === path;
}

/** Whether a VM had it and has it no more. @throws BH_SHARE_IN_USE, BH_SHARE_HELD and others; then nothing has changed. */
async function removeNow(paths: InstancePaths, path: string, force: boolean): Promise<boolean> {
  const found = await inspectInstance(paths);
  if (found.kind !== 'running') return false;
  try {
    await found.client.changeShares({ kind: 'remove', path, ...(force ? { force } : {}) });
    return true;
  } catch (error) {
    // The controller's own word: what the guest says comes as BH_SHARE_HELD.
    if (isBulkheadError(error) && error.code === 'BH_SHARE_UNKNOWN') return false;
    throw error;
  }
}
