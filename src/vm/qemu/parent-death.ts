/** A program and its arguments. */
export type Command = readonly [file: string, ...args: string[]];

/**
 * Wraps a command so that the kernel kills it when the process that starts it ends, however that happens (prctl(2),
 * PR_SET_PDEATHSIG). SIGKILL, because a QEMU that hangs would survive anything else; what the guest has written is in the
 * page cache by then and is not lost. setpriv (util-linux) replaces itself by the command, so pid and descriptors stay.
 *
 * Elsewhere than on Linux there is no such signal and the command is returned as it is.
 */
export function endingWithParent(command: Command, platform: NodeJS.Platform): Command {
  if (platform !== 'linux') return command;
  return ['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--', ...command];
}
