import type { Seccomp, SeccompEntry } from '../../oci/seccomp.js';
import { stops } from './actions.js';
import { canonicalEntries, floorEntry } from './arguments.js';
import { type DeniedArgument, type DeniedCall, deniedArguments, deniedCalls, EPERM } from './floor.js';

/**
 * The profile with the floor in it.
 *
 * libseccomp does not take the strictest of several rules on one call: an unconditional rule swallows conditional ones,
 * and a branch once entered does not come back to its siblings. So no rule is put beside another one; the profile's own
 * rules on the floor's calls are taken out and replaced:
 *
 * - a profile that stops by default loses what it allows of the floor; its default action then applies;
 * - a profile that allows by default (or is absent: `--privileged`) gets the floor's rules in place of its own.
 *
 * @param architectures for a container without a profile, in SCMP_ARCH_ names.
 * @param exempt names of calls the policy takes off the floor.
 * @returns a sentence when the floor cannot be kept under the profile.
 */
export function mergeFloor(
  profile: Seccomp | undefined,
  architectures: readonly string[],
  exempt: readonly string[],
): Seccomp | string {
  const given = profile ?? { defaultAction: 'SCMP_ACT_ALLOW', architectures: [...architectures] };
  const { listenerPath, syscalls = [] } = given;
  if (listenerPath !== undefined)
    return 'it sends its notifications to a socket outside the container (listenerPath)';
  if ([given.defaultAction, ...syscalls.map(({ action }) => action)].includes('SCMP_ACT_NOTIFY'))
    return 'it uses notifications (SCMP_ACT_NOTIFY)';

  const calls = deniedCalls.filter(({ name }) => !exempt.includes(name));
  const args = deniedArguments.filter(({ name }) => !exempt.includes(name));
  const floored = new Set([...calls, ...args].map(({ name }) => name));
  const stopsByDefault = stops(given.defaultAction);
  const onlyOn = (name: string) =>
    syscalls.filter(({ names }) => names.includes(name)).map((entry) => ({ ...entry, names: [name] }));

  const own = syscalls.flatMap((entry) => without(entry, floored));
  const canonical: SeccompEntry[] = [];
  for (const denied of args) {
    const entries = canonicalEntries(denied, stopsByDefault, onlyOn(denied.name));
    if (typeof entries === 'string') return entries;
    canonical.push(...entries);
  }
  // A stricter answer of the profile (KILL instead of an errno) stays.
  const finished = calls.flatMap(({ name }) => onlyOn(name).find(isFinal) ?? []);
  const unanswered = calls.filter(({ name }) => !finished.some(({ names }) => names.includes(name)));
  const answered = stopsByDefault ? [] : callEntries(unanswered);
  const rules = [...own, ...finished, ...answered, ...canonical];
  return { ...given, syscalls: [...multiplexed(rules, given, args), ...rules] };
}

/**
 * What libseccomp adds by itself must be taken back: on i386 it makes of a rule on `socket`, whatever its conditions, also
 * one on `socketcall(SYS_SOCKET)`, so a profile that allows inet sockets alone would open all families to a 32-bit program.
 * The floor's rule wins only when it comes first, and only when its answer is not the profile's default (which
 * runc leaves out); both are held by libseccomp.test.ts for the libraries there are.
 */
function multiplexed(
  rules: readonly SeccompEntry[],
  { defaultAction, defaultErrnoRet }: Seccomp,
  denied: readonly DeniedArgument[],
): SeccompEntry[] {
  const socketcall = denied.find(({ name }) => name === 'socketcall');
  const opens = rules.some(({ names, action }) => names.includes('socket') && !stops(action));
  if (socketcall === undefined || !stops(defaultAction) || !opens) return [];
  const entry = floorEntry(socketcall);
  const isDefault = defaultAction === 'SCMP_ACT_ERRNO' && defaultErrnoRet === entry.errnoRet;
  return [isDefault ? { ...entry, errnoRet: EPERM } : entry];
}

function isFinal({ action, args = [] }: SeccompEntry): boolean {
  return stops(action) && args.length === 0;
}

function without(entry: SeccompEntry, floored: ReadonlySet<string>): SeccompEntry[] {
  const names = entry.names.filter((name) => !floored.has(name));
  if (names.length === entry.names.length) return [entry];
  return names.length === 0 ? [] : [{ ...entry, names }];
}

function callEntries(calls: readonly DeniedCall[]): SeccompEntry[] {
  const errnos = [...new Set(calls.map(({ errno }) => errno))];
  return errnos.map((errno) => ({
    names: calls.filter((call) => call.errno === errno).map(({ name }) => name),
    action: 'SCMP_ACT_ERRNO',
    errnoRet: errno,
  }));
}
