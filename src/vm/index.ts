export type { Accelerator, Vm, VmBackend, VmCapabilities, VmExit, VmHost, VmSpec } from './backend.js';
export { checkInstanceName, defaultInstanceName } from './instance/name.js';
export { type InstancePaths, instancePaths } from './instance/paths.js';
export { kernelCommandLine } from './kernel-command-line.js';
export { type VmEvent, type VmState, type VmStateName } from './lifecycle/state.js';
export { type GuestFailure, type Phase, phaseNames } from './phases.js';
