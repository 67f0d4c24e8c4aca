import type { RuntimeSpec } from '../oci/runtime-spec.js';

/**
 * Whether `--privileged` (or BuildKit's security.insecure) was asked for. The specification has no such field; its mark
 * is a device rule that allows everything without naming numbers. `--device-cgroup-rule 'a *:* rwm'` writes -1 instead.
 * Ask it of the request's specification: the draft's rules are no longer the ones the engine wrote.
 */
export function isPrivileged(spec: RuntimeSpec): boolean {
  return (spec.linux.resources?.devices ?? []).some(
    ({ allow, access, major, minor }) =>
      allow && access === 'rwm' && major === undefined && minor === undefined,
  );
}
