import { setTimeout as pause } from 'node:timers/promises';
import { type Process, processTree, wordsOf } from './process-tree.ts';

/**
 * Stops the `runc init` of a container that is being started, after `runc create` and before `runc start`, as a container it shares its
 * processes with may do. So that the moment is not missed dockerd, which asks for both, is stopped once the first is under way.
 *
 * @param engine pid of the engine's entry program.
 * @param over aborted when the start has ended.
 * @returns false when dockerd had asked for the second before it was stopped.
 */
export async function stopWaitingInit(
  engine: number,
  { containerId, dockerd }: { readonly containerId: string; readonly dockerd: number },
  over: AbortSignal,
): Promise<boolean> {
  const ofContainer = (process: Process): boolean =>
    process.name === 'containerd-shim' && wordsOf(process).includes(containerId);
  if ((await until(() => processTree(engine).find(ofContainer), over)) === undefined) return false;
  process.kill(dockerd, 'SIGSTOP');
  // While it is stopped nothing it was asked for ends.
  const late = AbortSignal.timeout(10_000);
  try {
    const found = await until(() => {
      const tree = processTree(engine);
      const shim = tree.find((each) => ofContainer(each) && !wordsOf(each).includes('start'));
      const children = tree.filter(({ parent }) => parent === shim?.pid);
      const init = children.find(({ name }) => name === 'runc:[2:INIT]');
      // A child that is neither runc nor its init is the container's own program: it was started.
      return init ?? children.find((each) => !each.name.startsWith('runc'));
    }, late);
    if (found === undefined || found.name !== 'runc:[2:INIT]') return false;
    process.kill(found.pid, 'SIGSTOP');
    return true;
  } finally {
    process.kill(dockerd, 'SIGCONT');
  }
}

async function until<T>(look: () => T | undefined, over: AbortSignal): Promise<T | undefined> {
  while (!over.aborted) {
    const found = look();
    if (found !== undefined) return found;
    await pause(2);
  }
  return undefined;
}
