export type { Accelerator, Vm, VmBackend, VmCapabilities, VmExit, VmHost, VmSpec } from './backend.js';
export { controllerEntry, type ControllerOptions } from './controller/options.js';
export { type Instance, inspectInstance } from './controller/inspect.js';
export type { Progress } from './controller/progress.js';
export { logFile } from './controller/log-file.js';
export { progressPipe, runController } from './controller/run-controller.js';
export { startController } from './controller/start-controller.js';
export type { ControllerStatus } from './controller/status.js';
export {
  type DiskFacts,
  gibibytes,
  isOpenAsDisk,
  judgePlace,
  moveDisk,
  placeFacts,
  readDiskFacts,
  resizeDisk,
  settleDisk,
  systemDiskFiles,
} from './disk/index.js';
export { crashedBeforeBoot, describePhase } from './failure-cause.js';
export { findImage } from './find-image.js';
export { checkRuntimeDirectory, makeInstanceDirectories } from './instance/directories.js';
export { type InstanceLock, lockInstance } from './instance/lock.js';
export { checkInstanceName, defaultInstanceName } from './instance/name.js';
export { checkSocketPath, type InstancePaths, instancePaths } from './instance/paths.js';
export { kernelCommandLine } from './kernel-command-line.js';
export type { VmEvent, VmState, VmStateName } from './lifecycle/state.js';
export { type GuestFailure, type Phase, phaseNames } from './phases.js';
export { listenTcpApi } from './tcp-api/listen-tcp-api.js';
export { toUserError } from './user-error.js';
