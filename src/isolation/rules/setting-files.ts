import type { Draft, Rule } from '../draft.js';
import { isPrivileged } from '../privileged.js';

const program = '/usr/lib/bulkhead/attach-files';

/**
 * Settings of the whole machine, below /proc/sys, that kubelet and kube-proxy write and end when they can't. Not here: what a program
 * would count on after reading it back (`fs.file-max`, `vm.max_map_count`), because what is written has no effect.
 */
const settings = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
  'net/netfilter/nf_conntrack_max',
];

/**
 * Threat: software that insists on writing such a setting is given one that can change it for the whole VM. Here it writes
 * a file of the container's own, which a hook attaches over the setting; what lies below stays the kernel's, and denied.
 *
 * Comes after the rule of hooks, which refuses every other. A container whose /proc/sys is read-only does without.
 */
export const settingFilesRule: Rule = {
  name: 'setting-files',
  why: 'software that must write settings of the whole machine writes files of its container instead',
  apply(draft, request) {
    if (!isPrivileged(request.spec) || !isWritable(draft)) return draft;
    const { hooks = {} } = draft.spec;
    const args = ['attach-files', String(draft.ids.base), ...settings];
    const createRuntime = [...(hooks.createRuntime ?? []), { path: program, args }];
    return { ...draft, spec: { ...draft.spec, hooks: { ...hooks, createRuntime } } };
  },
};

/** Whether the container's root may write below /proc/sys at all. */
function isWritable({ spec }: Draft): boolean {
  const { maskedPaths = [], readonlyPaths = [] } = spec.linux;
  const proc = (spec.mounts ?? []).find(({ type }) => type === 'proc');
  return (
    proc !== undefined &&
    !(proc.options ?? []).some((option) => option === 'ro' || option === 'rro') &&
    ![...maskedPaths, ...readonlyPaths].some((path) => /^\/proc(\/sys)?\/?$/.test(path))
  );
}
