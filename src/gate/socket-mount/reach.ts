import type { OperationId } from '../operations.js';

/**
 * What acts within a container: its programs could be made to use the Docker socket it has, or to hand it on. By the parameter of the path that
 * names it; `exec` where that is a process started in one.
 */
export const actsWithin: Partial<Record<OperationId, 'container' | 'exec'>> = {
  ContainerAttach: 'container',
  ContainerAttachWebsocket: 'container',
  ContainerExec: 'container',
  ContainerRestart: 'container',
  ContainerStart: 'container',
  ContainerUnpause: 'container',
  ExecStart: 'exec',
  PutContainerArchive: 'container',
};
