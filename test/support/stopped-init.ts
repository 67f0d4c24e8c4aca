import { setTimeout as pause } from 'node:timers/promises';
import { type Process, processTree, wordsOf } from './process-tree.ts';

/**
 * Stops the `runc init` of a container that is being started, after `runc create` and before `runc start`, as a container it shares its
 * processes with may do. So that the moment is not missed the shim, which calls both, is stopped meanwhile.
 *
 * @param engine pid of the engine's entry program.
 * @param over aborted when the start has ended.
 * @returns false when `runc create` was over before it was seen.
 */
export async function stopWaitingInit(
  engine: number,
  containerId: string,
  over: AbortSignal,
): Promise<boolean> {
  const shim = await until(() => {
    const tree = processTree(engine);
    return tree.find((process) => isShimOf(process, containerId) && runs(tree, process, 'create'));
  }, over);
  if (shim === undefined) return false;
  process.kill(shim.pid, 'SIGSTOP');
  try {
    // What was seen before it was stopped may be over.
    if (!runs(processTree(engine), shim, 'create')) return false;
    const init = await until(
      () => processTree(engine).find(({ parent, name }) => parent === shim.pid && name === 'runc:[2:INIT]'),
      over,
    );
    if (init !== undefined) process.kill(init.pid, 'SIGSTOP');
    return init !== undefined;
  } finally {
    process.kill(shim.pid, 'SIGCONT');
  }
}

function isShimOf(process: Process, containerId: string): boolean {
  if (process.name !== 'containerd-shim') return false;
  const words = wordsOf(process);
  return words.includes(containerId) && !words.includes('start');
}

function runs(tree: readonly Process[], shim: Process, verb: string): boolean {
  return tree.some((process) => process.parent === shim.pid && wordsOf(process).includes(verb));
}

async function until<T>(look: () => T | undefined, over: AbortSignal): Promise<T | undefined> {
  while (!over.aborted) {
    const found = look();
    if (found !== undefined) return found;
    await pause(2);
  }
  return undefined;
}
