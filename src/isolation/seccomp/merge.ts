import type { Seccomp, SeccompAction, SeccompEntry } from '../../oci/seccomp.js';
import { rulesOf, without } from './conditions.js';
import { type DeniedArgument, type DeniedCall, deniedArguments, deniedCalls } from './floor.js';

/** Actions that stop the call. All others let it through, or let somebody else decide (TRACE, NOTIFY). */
const stopping = new Set<SeccompAction>([
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ERRNO',
]);

export function stops(action: SeccompAction): boolean {
  return stopping.has(action);
}

/**
 * The profile with the floor in it.
 *
 * libseccomp does not take the strictest of several rules on one call: an unconditional rule swallows conditional ones,
 * and a branch once entered does not come back to its siblings. So no rule is put beside another one; the profile's own
 * rules on the floor's calls are taken out or narrowed until none of them lets a denied call through:
 *
 * - a profile that stops by default loses what it allows of the floor; its default action then applies;
 * - a profile that allows by default (or is absent: `--privileged`) gets the floor's rules in place of its own.
 *
 * @returns a sentence when a rule of the profile cannot be narrowed.
 */
export function mergeFloor(
  profile: Seccomp | undefined,
  architectures: readonly string[],
  exempt: readonly string[],
): Seccomp | string {
  const floor = {
    calls: deniedCalls.filter(({ name }) => !exempt.includes(name)),
    args: deniedArguments.filter(({ name }) => !exempt.includes(name)),
  };
  if (profile === undefined) {
    return {
      defaultAction: 'SCMP_ACT_ALLOW',
      architectures: [...architectures],
      syscalls: floorEntries(floor.calls, floor.args),
    };
  }
  const { listenerPath, syscalls = [] } = profile;
  if (listenerPath !== undefined)
    return 'it sends its notifications to a socket outside the container (listenerPath)';
  const notifies = [profile.defaultAction, ...syscalls.map(({ action }) => action)].includes(
    'SCMP_ACT_NOTIFY',
  );
  if (notifies) return 'it uses notifications (SCMP_ACT_NOTIFY)';
  return stops(profile.defaultAction)
    ? { ...profile, syscalls: syscalls.flatMap((entry) => narrowed(entry, floor.calls, floor.args)) }
    : replaced(profile, syscalls, floor.calls, floor.args);
}

function floorEntries(calls: readonly DeniedCall[], args: readonly DeniedArgument[]): SeccompEntry[] {
  const errnos = [...new Set(calls.map(({ errno }) => errno))];
  return [
    ...errnos.map((errno): SeccompEntry => ({
      names: calls.filter((call) => call.errno === errno).map(({ name }) => name),
      action: 'SCMP_ACT_ERRNO',
      errnoRet: errno,
    })),
    ...args.map(({ name, errno, index, mask, value }): SeccompEntry => ({
      names: [name],
      action: 'SCMP_ACT_ERRNO',
      errnoRet: errno,
      args: [{ index, value: mask, valueTwo: value, op: 'SCMP_CMP_MASKED_EQ' }],
    })),
  ];
}

/** An entry of a profile that stops by default, without what the floor denies. */
function narrowed(
  entry: SeccompEntry,
  calls: readonly DeniedCall[],
  args: readonly DeniedArgument[],
): SeccompEntry[] {
  if (stops(entry.action)) return [entry];
  const limited = args.filter(({ name }) => entry.names.includes(name));
  const names = entry.names.filter(
    (name) => !calls.some((call) => call.name === name) && !limited.some((call) => call.name === name),
  );
  if (names.length === entry.names.length) return [entry];
  return [
    ...(names.length === 0 ? [] : [{ ...entry, names }]),
    ...limited.flatMap((denied) =>
      rulesOf(entry)
        .flatMap((rule) => without(denied, rule))
        .map((rule): SeccompEntry => ({ ...entry, names: [denied.name], args: [...rule] })),
    ),
  ];
}

/** A profile that allows by default: its entries on the floor's calls give way to the floor's. */
function replaced(
  profile: Seccomp,
  syscalls: readonly SeccompEntry[],
  calls: readonly DeniedCall[],
  args: readonly DeniedArgument[],
): Seccomp | string {
  const stopped = (name: string) =>
    syscalls.some((entry) => stops(entry.action) && isUnconditional(entry) && entry.names.includes(name));
  const kept: SeccompEntry[] = [];
  for (const entry of syscalls) {
    const tangled = args.find((denied) => entry.names.includes(denied.name) && entangles(entry, denied));
    if (tangled !== undefined) return `its conditions on ${tangled.name} can't be combined with the floor`;
    const names = entry.names.filter((name) => !gives(name, entry));
    if (names.length > 0) kept.push({ ...entry, names });
  }
  const own = ({ name }: DeniedCall) => !stopped(name);
  return { ...profile, syscalls: [...floorEntries(calls.filter(own), args.filter(own)), ...kept] };

  function gives(name: string, entry: SeccompEntry): boolean {
    if (calls.some((call) => call.name === name)) return !(stops(entry.action) && isUnconditional(entry));
    return args.some((denied) => denied.name === name) && !stops(entry.action);
  }
}

function isUnconditional({ args = [] }: SeccompEntry): boolean {
  return args.length === 0;
}

/**
 * Whether a stopping entry might, in libseccomp's tree, be entered by a denied call and end in the default action: only
 * single conditions on the floor's own argument are leaves, which fall through to the floor's rule when they miss.
 */
function entangles(entry: SeccompEntry, denied: DeniedArgument): boolean {
  if (!stops(entry.action)) return false;
  return rulesOf(entry).some((rule) => rule.length > 1 || rule.some(({ index }) => index !== denied.index));
}
