import { fileURLToPath } from 'node:url';
import { qemuDescriptors } from './arguments.js';
import type { Command } from './parent-death.js';

/** Built by `make -C src/vm/guest-memory`; the same place whether this module runs from `src` or from `dist`. */
const program = fileURLToPath(new URL('../../../src/vm/guest-memory/build/guest-memory', import.meta.url));

/**
 * Wraps a command so that it has an open file of so many bytes at its descriptor `memory`, in huge pages where the kernel has them (guest-memory.c says why not QEMU's own
 * memfd). It replaces itself by the command. Elsewhere than on Linux no directories are shared, and nobody needs such a file.
 */
export function givenMemory(command: Command, bytes: number | undefined, platform: NodeJS.Platform): Command {
  if (bytes === undefined || platform !== 'linux') return command;
  return [program, String(qemuDescriptors.memory), String(bytes), ...command];
}
