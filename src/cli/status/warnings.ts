import { printable } from '../../common/printable.js';
import { sizeText } from '../output/size-text.js';
import type { GuestFacts } from '../../vm/controller/guest-facts.js';
import type { HostFacts } from './host-facts.js';

const dayMs = 86_400_000;
/** As `bulkhead doctor` has it: time enough for an administrator to hand out the next policy. */
const endingSoon = 14 * dayMs;
/** Of a disk. */
const almostFull = 0.9;
const littleHostSpace = 2 * 1024 ** 3;

export interface WarningFacts {
  readonly now: number;
  readonly mode: 'vm' | 'native';
  readonly ready: boolean;
  readonly guest: GuestFacts;
  /** When the guest said what is told of it, where that was not now; null where it never said anything. */
  readonly lastWord: string | null | undefined;
  readonly host: HostFacts | undefined;
  /** Why the VM has to be restarted before the present policy is in force. */
  readonly restart: string | undefined;
}

/** What a person should not overlook, the gravest first. Pure. */
export function warningsOf(facts: WarningFacts): readonly string[] {
  return [
    ...silence(facts),
    ...root(facts),
    ...policy(facts),
    ...services(facts),
    ...space(facts),
    ...audit(facts),
  ].map(printable);
}

function silence({ ready, lastWord }: WarningFacts): string[] {
  if (!ready || lastWord === undefined) return [];
  if (lastWord === null)
    return [
      'the VM did not answer in time and has said nothing before; what it alone knows is missing (--fresh waits for it)',
    ];
  return [`the VM did not answer in time; what it says is from ${lastWord} (--fresh waits for it)`];
}

function root({ mode, guest: { rootFilesystem } }: WarningFacts): string[] {
  if (mode === 'native' || rootFilesystem === null) return [];
  const missing = [
    ...(rootFilesystem.readonly ? [] : ['read-only']),
    ...(rootFilesystem.verity ? [] : ['verified']),
  ];
  return missing.length === 0 ? [] : [`the root of the VM is not ${missing.join(' and not ')}`];
}

function policy({ now, restart, guest: { policy: standing, signIn } }: WarningFacts): string[] {
  const inForce = standing?.inForce;
  const expires = inForce === undefined || inForce === 'none' ? null : inForce.expires;
  const left = expires === null ? Infinity : Date.parse(expires) - now;
  return [
    ...(restart === undefined ? [] : [`restart needed: ${restart}`]),
    ...(left <= 0 ? [`the policy has EXPIRED (${expires}): the next start is refused`] : []),
    ...(left > 0 && left < endingSoon
      ? [`the policy ends in ${Math.floor(left / dayMs)} days (${expires})`]
      : []),
    ...(signIn !== null && signIn.member === null ? ['nobody is signed in: `bulkhead sign-in`'] : []),
  ];
}

function services({ ready, guest: { engine, services: all } }: WarningFacts): string[] {
  const notReady = ready && engine?.ready === false ? ['the engine does not answer'] : [];
  return [
    ...notReady,
    ...Object.entries(all ?? {}).flatMap(([name, { state, restarts, lastExit }]) => {
      const how = lastExit === null ? '' : ` (last with ${lastExit.kind} ${lastExit.value})`;
      if (ready && state !== 'running') return [`${name} is ${state}${how}`];
      return restarts > 0
        ? [`${name} ended ${restarts} time${restarts === 1 ? '' : 's'} and was started again${how}`]
        : [];
    }),
  ];
}

function space({ guest: { dataDisk }, host }: WarningFacts): string[] {
  const full =
    dataDisk !== null &&
    dataDisk.totalBytes > 0 &&
    1 - dataDisk.availableBytes / dataDisk.totalBytes >= almostFull;
  const disk = host?.dataDisk ?? undefined;
  return [
    ...(full ? [`the data disk is almost full: ${sizeText(dataDisk.availableBytes)} are left`] : []),
    ...(disk !== undefined && disk.freeBytes < Math.min(littleHostSpace, disk.sizeBytes - disk.takenBytes)
      ? [`only ${sizeText(disk.freeBytes)} are left on the disk of this machine that holds the data disk`]
      : []),
  ];
}

function audit({ guest: { audit: log } }: WarningFacts): string[] {
  const dropped = log?.openTelemetry?.dropped ?? 0;
  return [
    ...((log?.lost ?? 0) > 0
      ? [`${log?.lost} lines of the audit log were lost (${log?.lastError ?? 'unknown'})`]
      : []),
    ...(dropped > 0
      ? [
          `${dropped} lines of the audit log did not reach the collector (${log?.openTelemetry?.lastError ?? 'unknown'})`,
        ]
      : []),
  ];
}
