import { type ContainerTraces, dockerRuntimeRoot } from './abandoned.js';

/** A process that is older than the services of the tests, which have been there since 1000. */
export const oldProcess = { pid: 7, startTime: '999' };

/** What a look finds of a container that was made before both services started, and whose maker is dead. */
export function tracesOf(containerId: string, some: Partial<ContainerTraces> = {}): ContainerTraces {
  return {
    runtimeRoot: dockerRuntimeRoot,
    containerId,
    shims: [oldProcess],
    creators: [oldProcess],
    creatorLives: false,
    busy: false,
    left: [{ kind: 'state', inode: 1 }],
    ...some,
  };
}
