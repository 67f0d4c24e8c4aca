import { Command } from 'commander';
import { BulkheadError } from '../../../common/errors/bulkhead-error.js';
import { inStep } from '../../../common/reporter.js';
import { gibibytes, judgePlace, moveDisk, placeFacts, systemDiskFiles } from '../../../vm/index.js';
import { sharedHolderOf } from '../../../vm/sharing/index.js';
import type { CliContext } from '../../context.js';
import { jsonOption, nameOption } from '../../options.js';
import { withDisk } from './held-disk.js';

/** What the VM needs to start (`checkFreeSpace`), beside the copy. */
const spareBytes = 1024 ** 3;

export function moveCommand(context: CliContext): Command {
  return new Command('move')
    .description('keep it in another directory')
    .argument('<directory>', 'one of your own that nobody else may write to')
    .addOption(nameOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
The VM must not run. The disk is copied without its holes, written to the disk, and only then used in place of the old one, which is removed last.
Whatever interrupts this, the old or the new one is whole and in use; the next start, or the next try, tidies up.

Examples:
  $ bulkhead down && bulkhead disk move /mnt/large/bulkhead && bulkhead up`,
    )
    .action((directory: string, flags: { readonly name: string; readonly json?: boolean }) =>
      move(context, directory, flags),
    );
}

/** Threat: a container that reaches the disk has everything of that VM, and its record of policies. */
async function notShared(directory: string): Promise<void> {
  const shared = await sharedHolderOf(directory);
  if (shared !== undefined)
    throw new BulkheadError('BH_DISK_PLACE', {
      directory,
      reason: `${shared} is shared with containers of an engine that runs`,
    });
}

async function move(
  context: CliContext,
  given: string,
  { name, json }: { readonly name: string; readonly json?: boolean },
): Promise<void> {
  const { terminal, reporter, signal } = context;
  await withDisk(context, name, 'moved', async ({ paths, file, facts }) => {
    const place = await placeFacts(given);
    const { directory } = place;
    const { refusal, warning } = judgePlace(place, facts.hostBytes + spareBytes);
    if (refusal !== undefined) throw new BulkheadError('BH_DISK_PLACE', { directory, reason: refusal });
    if (warning !== undefined) reporter.warn(warning);
    const moved = await inStep(reporter, 'Move the data disk', (step) =>
      moveDisk(
        systemDiskFiles(paths.diskRecord),
        { instance: name, standard: paths.dataDisk, file, directory, allowed: notShared },
        (bytes) =>
          step.progress(
            `${gibibytes(bytes)} of ${gibibytes(facts.hostBytes)} GiB`,
            facts.hostBytes === 0 ? undefined : Math.min(1, bytes / facts.hostBytes),
          ),
        signal,
      ),
    );
    if (moved.note !== undefined) reporter.warn(moved.note);
    if (json === true) terminal.out(`${JSON.stringify({ name, from: file, to: moved.file })}\n`);
    else terminal.err(`It is ${moved.file} now.\n`);
  });
}
