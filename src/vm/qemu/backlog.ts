import { fileURLToPath } from 'node:url';
import { messageOf } from '../../common/cause.js';
import type { Exec } from '../../common/exec.js';
import type { Logger } from '../../common/log.js';
import type { Command } from './parent-death.js';

/** Built by `make -C src/vm/deepen-backlog`; the same place whether this module runs from `src` or from `dist`. */
const program = fileURLToPath(
  new URL('../../../src/vm/deepen-backlog/build/deepen-backlog', import.meta.url),
);
const deadlineMs = 5000;

/** Wraps a command so that `backlogOf` works where the kernel has Yama, which otherwise lets nobody but root and its ancestors into a process. It replaces itself by the command. */
export function lendingToParent(command: Command, platform: NodeJS.Platform): Command {
  return platform === 'linux' ? [program, '--by-parent', ...command] : command;
}

export interface BacklogParts {
  readonly exec: Exec;
  readonly logger: Pick<Logger, 'warn'>;
}

/**
 * The way to have connections wait for a QEMU that are begun in the same moment: libslirp listens with a queue of one, and whoever finds it full tries again a second
 * later. And to have its UDP ports for itself, which libslirp lets any user of the host bind as well. Where it can't be lengthened ports work all the same, so that is said once and not tried again. Does not reject.
 */
export function backlogOf(pid: number, { exec, logger }: BacklogParts): () => Promise<void> {
  let isPossible = true;
  return async () => {
    if (!isPossible) return;
    try {
      const { exitCode, stderr } = await exec.run(program, [String(pid)], { env: {}, timeoutMs: deadlineMs });
      if (exitCode !== 0) throw new Error(stderr);
    } catch (error) {
      isPossible = false;
      logger.warn(
        { reason: messageOf(error) },
        'published ports take many connections begun at once slowly, and other users of this machine can bind those of UDP as well: the sockets of QEMU can not be changed',
      );
    }
  };
}
