import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { ExitCode } from '../../common/errors/definition.js';
import { printableJson } from '../../common/printable.js';
import { cacheRoot, checkRememberedKey, verifyImage } from '../../image/index.js';
import { findImage } from '../../vm/find-image.js';
import type { CliContext } from '../context.js';
import { checks } from '../doctor/checks.js';
import { runChecks, worstOf } from '../doctor/run-checks.js';
import type { FoundImage, Machine, Site } from '../doctor/site.js';
import { thisMachine } from '../doctor/this-machine.js';
import { jsonOption, nameOption } from '../options.js';
import { doctorText } from '../output/doctor-text.js';
import { policyOption } from './policy/policy-files.js';

interface DoctorFlags {
  readonly name: string;
  readonly image?: string;
  readonly policy?: string;
  readonly json?: boolean;
}

export function doctorCommand(context: CliContext): Command {
  return new Command('doctor')
    .description('look at everything a start needs, and say what to do about what is wrong')
    .addOption(nameOption())
    .addOption(
      new Option('--image <directory>', 'the VM image (default: the one `up` would boot)').env(
        'BULKHEAD_IMAGE',
      ),
    )
    .addOption(policyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Changes nothing, and works before anything is built. A warning is something to know; a problem keeps something from working.

Exit status 0: no problem; 78: something has to be mended.

Examples:
  $ bulkhead doctor
  $ bulkhead doctor --json | jq -r '.checks[] | select(.level != "ok") | .cure'`,
    )
    .action((flags: DoctorFlags) => doctor(context, flags, thisMachine));
}

async function doctor(context: CliContext, flags: DoctorFlags, machine: Machine): Promise<void> {
  const reports = await runChecks(checks, siteOf(context, flags, machine));
  const worst = worstOf(reports);
  context.terminal.out(
    flags.json === true
      ? `${printableJson(JSON.stringify({ name: flags.name, worst, checks: reports.map((report) => ({ ...report, cure: report.cure ?? null })) }))}\n`
      : doctorText(reports),
  );
  if (worst === 'problem') process.exitCode = ExitCode.configuration;
}

function siteOf({ env, projectDir, signal }: CliContext, flags: DoctorFlags, machine: Machine): Site {
  let image: Promise<FoundImage> | undefined;
  const { name, policy } = flags;
  const cacheDir = cacheRoot(env);
  const find = async (): Promise<FoundImage> => {
    const directory =
      flags.image === undefined ? await findImage(cacheDir, projectDir) : resolve(flags.image);
    const manifest = await verifyImage(directory, { signal });
    checkRememberedKey(cacheDir, directory, manifest.policyKey);
    return { directory, manifest };
  };
  return { machine, name, env, projectDir, signal, policy, image: () => (image ??= find()) };
}
