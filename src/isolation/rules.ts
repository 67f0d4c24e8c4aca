import type { Rule } from './draft.js';
import { annotationsRule } from './rules/annotations.js';
import { bindsRule } from './rules/binds.js';
import { cgroupsRule } from './rules/cgroups.js';
import { devicesRule } from './rules/devices.js';
import { hooksRule } from './rules/hooks.js';
import { hostResourcesRule } from './rules/host-resources.js';
import { mountsRule } from './rules/mounts.js';
import { namespacesRule } from './rules/namespaces.js';
import { privilegedRule } from './rules/privileged.js';
import { processRule } from './rules/process.js';
import { propagationRule } from './rules/propagation.js';
import { rootFilesystemRule } from './rules/root-filesystem.js';
import { seccompFloorRule } from './rules/seccomp-floor.js';
import { settingFilesRule } from './rules/setting-files.js';
import { sysctlRule } from './rules/sysctl.js';
import { uptimeRule } from './rules/uptime.js';
import { userNamespaceRule } from './rules/user-namespace.js';

/**
 * The rules, in the order they are applied; read together they are the specification of an isolated container. Before
 * them comes `known-fields`: what `parseRuntimeSpec` does not know never gets here (known-fields.ts).
 */
export const isolationRules: readonly Rule[] = [
  // Who the container is.
  privilegedRule, //     the policy may refuse --privileged; otherwise it is confined by the rules below
  namespacesRule, //     no namespace of the host; another container's only together with its user namespace
  userNamespaceRule, //  one exclusive user namespace, whatever was asked for
  uptimeRule, //         its uptime is its own
  processRule, //        ids inside the range; no immunity from the OOM killer, no real-time scheduling

  // What it sees.
  rootFilesystemRule, // the engine's layers, id-mapped, and nothing else
  mountsRule, //         known types and options, in known places
  propagationRule, //    no mount made inside appears outside
  bindsRule, //          only volumes, the container's own files and shared directories; staged and locked

  // What it may do to the kernel.
  devicesRule, //        nodes and device cgroup from one list
  seccompFloorRule, //   a floor under every profile, and under none
  sysctlRule, //         only settings the kernel keeps per namespace
  cgroupsRule, //        its own cgroup, below the engine's

  // What runs or acts outside on its behalf.
  hostResourcesRule, //  no hardware of the host
  hooksRule, //          no program as root of the VM, but the engine's own
  settingFilesRule, //   files of its own for settings of the whole machine that software insists on writing
  annotationsRule, //    no orders to the runtime
];
