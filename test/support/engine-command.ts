import { join } from 'node:path';
import { execa } from 'execa';
import { commandLine } from './command-line.ts';

/** `bulkhead engine` of a user whose directories lie below one. */
export interface EngineCommand {
  /** Or it has ended. */
  readonly isUp: boolean;
  /** Resolves with its exit status and what it said. */
  readonly stop: () => Promise<readonly [number, string]>;
}

interface User {
  readonly dir: string;
  /** Where the settings are; below `dir` without it. */
  readonly config?: string;
}

/** Resolves when it is up or has ended. @param words behind the command's own name. */
export async function startEngineCommand(
  { dir, config = join(dir, 'config') }: User,
  name: string,
  ...words: readonly string[]
): Promise<EngineCommand> {
  const env = {
    XDG_STATE_HOME: join(dir, 'state'),
    XDG_RUNTIME_DIR: join(dir, 'run'),
    XDG_CONFIG_HOME: config,
  };
  const args = [commandLine, 'engine', '--name', name, ...words];
  const started = execa(process.execPath, args, { reject: false, env, stdin: 'ignore' });
  const up = new Promise<true>((resolve) => void started.stdout.once('data', () => resolve(true)));
  const isUp = await Promise.race([up, started.then(() => false)]);
  return {
    isUp,
    stop: async () => {
      started.kill('SIGTERM');
      const { exitCode = -1, stderr } = await started;
      return [exitCode, stderr];
    },
  };
}
