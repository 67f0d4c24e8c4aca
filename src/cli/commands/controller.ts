import { Command } from 'commander';
import { createLogger } from '../../common/log.js';
import { controllerEntry, instancePaths, logFile, progressPipe, runController } from '../../vm/index.js';
import type { CliContext } from '../context.js';
import { addVmOptions, controllerOptions, nameOption, type VmFlags } from '../options.js';

/** The background process that `up` starts: not for people, hence hidden from the help. */
export function controllerCommand(context: CliContext): Command {
  return addVmOptions(new Command(controllerEntry).addOption(nameOption())).action(
    async (flags: VmFlags & { readonly name: string }) => {
      const options = await controllerOptions(flags, context);
      const paths = instancePaths(flags.name);
      const logger = createLogger('controller', logFile(paths.controllerLog));
      process.exit(await runController(paths, options, logger, progressPipe()));
    },
  );
}
