import { Command } from 'commander';
import { BulkheadError } from '../../../common/errors/bulkhead-error.js';
import { contactOf, vmShape } from '../../../policy/index.js';
import { gibibytes, readDiskFacts, resizeDisk } from '../../../vm/index.js';
import type { CliContext } from '../../context.js';
import { jsonOption, nameOption, wholeNumber } from '../../options.js';
import { settingsInUse } from '../../settings-in-use.js';
import { policyOption } from '../policy/policy-files.js';
import { withDisk } from './held-disk.js';

const bytesOfGibibyte = 1024 ** 3;

export function resizeCommand(context: CliContext): Command {
  const { least, most } = vmShape.dataSizeGiB;
  return new Command('resize')
    .description('make it larger')
    .argument('<GiB>', 'its new size', wholeNumber('<GiB>', least, most))
    .addOption(nameOption())
    .addOption(policyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
The VM must not run. Its file system grows at the next start. A disk is never made smaller; it takes only the space that is used.

Examples:
  $ bulkhead down && bulkhead disk resize 128 && bulkhead up`,
    )
    .action((size: number, flags: ResizeFlags) => resize(context, size, flags));
}

interface ResizeFlags {
  readonly name: string;
  readonly policy?: string;
  readonly json?: boolean;
}

async function resize(context: CliContext, size: number, flags: ResizeFlags): Promise<void> {
  const { name, json } = flags;
  const { terminal, reporter, env } = context;
  const { policy, effective } = await settingsInUse(env, flags.policy);
  const { source, value } = effective['bulkhead.dataSizeGiB'];
  if (source === 'policy, locked' && value !== size)
    throw new BulkheadError('BH_SETTING_LOCKED', {
      name: 'bulkhead.dataSizeGiB',
      value,
      file: policy?.file ?? '',
      contact: contactOf(policy?.settings),
    });
  await withDisk(context, name, 'resized', async ({ file, paths, facts }) => {
    const { fromBytes, toBytes } = await resizeDisk(file, size * bytesOfGibibyte);
    if (json === true) terminal.out(`${JSON.stringify({ name, file, fromBytes, toBytes })}\n`);
    else if (toBytes === fromBytes) terminal.err(`It has ${gibibytes(fromBytes)} GiB already.\n`);
    else
      terminal.err(
        `${gibibytes(fromBytes)} GiB → ${gibibytes(toBytes)} GiB. The VM uses them from its next start on.\n`,
      );
    const { hostFreeBytes } = await readDiskFacts(paths);
    if (hostFreeBytes !== null && toBytes - facts.hostBytes > hostFreeBytes)
      reporter.warn(
        `Only ${gibibytes(hostFreeBytes)} GiB are free where it lies: the VM finds its disk failing when they are used up.`,
      );
  });
}
