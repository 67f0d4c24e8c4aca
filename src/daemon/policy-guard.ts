import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readIfThere, replaceDurably } from '../common/durable-file.js';
import type { PolicyStanding } from '../common/health.js';
import type { Logger } from '../common/log.js';
import { version } from '../common/version.js';
import {
  admitPolicy,
  contentHash,
  keyIdOf,
  type KnownPolicy,
  parsePolicyKey,
  parsePolicyRecord,
  parseSeenTime,
  type PolicyRecord,
  policyRecordText,
  type ReadPolicy,
  type SeenTime,
  seenTimeText,
} from '../policy/index.js';

/** A policy as it was given, and the SHA-256 of its bytes, by which the host knows the file again. */
export interface SealedPolicy extends ReadPolicy {
  readonly sha256: string;
}

export interface PolicyGuardOptions {
  /** The organization's public key in the verified root; there is none where the image was built without. */
  readonly keyFile: string;
  /** The policy with the highest serial that was in force here. On the data disk, outside the engine's directories, so that neither containers nor the engine can write it. */
  readonly recordFile: string;
  /** The highest time there was here, beside it. */
  readonly timeFile: string;
  /** SHA-256 of the policy that came into force in this boot. On tmpfs: the next boot starts without it. */
  readonly admittedFile: string;
  /** The highest serial the host has seen; 0 where it does not say. */
  readonly hostSerial: number;
  readonly imageVersion: string;
  readonly now: () => number;
  /** Told of a record that could not be written: the host's own goes on counting. */
  readonly onUnrecorded: (error: unknown) => void;
}

/** What decides here whether the engine may serve under a policy. Throws where the kernel command line is malformed. */
export function policyGuard(
  mode: 'vm' | 'native',
  log: Logger,
): (policy: SealedPolicy | undefined) => PolicyStanding {
  // In native mode who starts the engine has looked at the host's record already, and has the data directory as well.
  const hostSerial = mode === 'vm' ? hostSerialOf(readFileSync('/proc/cmdline', 'utf8')) : 0;
  const options = {
    ...policyFiles,
    hostSerial,
    imageVersion: version,
    now: Date.now,
    onUnrecorded: (error: unknown) => {
      log.error({ err: error }, 'what is remembered of the policy could not be written to the data disk');
    },
  };
  return (policy) => {
    const standing = admitSealedPolicy(policy, options);
    if (standing.imageKey !== null) setInterval(() => noteTimeAgain(options), timeIntervalMs).unref();
    return standing;
  };
}

function noteTimeAgain(options: PolicyGuardOptions): void {
  try {
    noteTime(options, timeOnDisk(options.timeFile));
  } catch (error) {
    options.onUnrecorded(error);
  }
}

/** So much of the time an engine runs may be missing from what is remembered. */
const timeIntervalMs = 10 * 60_000;

/** Where these files are in the root; docs/architecture.md, "Paths inside the root". */
export const policyFiles = {
  keyFile: '/usr/lib/bulkhead/policy-key.pem',
  recordFile: '/var/lib/bulkhead-data/bulkhead/policy-serial.json',
  timeFile: '/var/lib/bulkhead-data/bulkhead/policy-time.json',
  admittedFile: '/run/bulkhead/policy-admitted',
} as const;

/**
 * Decides in the VM, before anything is served, whether the engine may serve under this policy, or without one.
 *
 * A daemon that starts anew decides again, from the same sealed memory; only time is not held against a policy twice in one boot: containers run under
 * it, and an engine that nobody can reach any more would not stop them.
 *
 * @throws what `admitPolicy` throws; BH_POLICY_KEY_FILE and BH_POLICY_RECORD where the image or the data disk is damaged. Nothing may be served then.
 */
export function admitSealedPolicy(
  policy: SealedPolicy | undefined,
  options: PolicyGuardOptions,
): PolicyStanding {
  const { keyFile, recordFile, timeFile, admittedFile, hostSerial, imageVersion, now } = options;
  const pem = readIfThere(keyFile);
  const key = pem === undefined ? undefined : parsePolicyKey(pem, 'public', keyFile);
  const recorded = key === undefined ? undefined : unlessHost(hostSerial, () => recordOnDisk(recordFile));
  const host = { serial: hostSerial, source: 'the record of the host' };
  const seen = key === undefined ? undefined : unlessHost(hostSerial, () => timeOnDisk(timeFile));
  // Before it is decided: a clock that is set back after a refusal makes nothing valid again.
  if (key !== undefined) noteTime(options, seen);
  const again = policy !== undefined && readIfThere(admittedFile) === policy.sha256;
  admitPolicy(
    policy,
    {
      key,
      imageVersion,
      now: again ? Number.NEGATIVE_INFINITY : now(),
      seen: again ? undefined : seen,
      known: recorded === undefined ? [host] : [recorded, host],
    },
    'the policy',
  );
  const keyId = key === undefined ? null : keyIdOf(key);
  if (policy === undefined) return { imageKey: keyId, inForce: 'none' };
  const { serial = null, expires = null } = policy.settings.bulkhead ?? {};
  if (key !== undefined && serial !== null) {
    const sha256 = contentHash(policy.document);
    if (serial !== recorded?.serial || sha256 !== recorded.sha256)
      record(recordFile, { serial, sha256 }, options);
  }
  if (!again) replaceDurably(admittedFile, policy.sha256);
  return { imageKey: keyId, inForce: { serial, sha256: policy.sha256, signedBy: keyId, expires } };
}

function recordOnDisk(file: string): KnownPolicy | undefined {
  return parsePolicyRecord(readIfThere(file), file);
}

/** Undefined for none, and for a damaged one where the host has one that counts in its place. */
function unlessHost<T>(hostSerial: number, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (hostSerial > 0) return undefined;
    throw error;
  }
}

function record(file: string, policy: PolicyRecord, { onUnrecorded }: PolicyGuardOptions): void {
  writeRecord(file, policyRecordText(policy), onUnrecorded);
}

function timeOnDisk(file: string): SeenTime | undefined {
  return parseSeenTime(readIfThere(file), file);
}

/** Never lowers what was seen before. */
export function noteTime(
  options: Pick<PolicyGuardOptions, 'timeFile' | 'now' | 'onUnrecorded'>,
  before: SeenTime | undefined,
): void {
  const { timeFile, now, onUnrecorded } = options;
  if (now() > (before?.time ?? 0)) writeRecord(timeFile, seenTimeText(now()), onUnrecorded);
}

/** A full data disk must not be the end of the engine that alone can empty it. */
export function writeRecord(file: string, text: string, onUnrecorded: (error: unknown) => void): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    replaceDurably(file, text);
  } catch (error) {
    onUnrecorded(error);
  }
}

/**
 * What the controller wrote on the kernel command line of the highest serial the host has seen. Throws for one that is repeated or malformed: PID 1 refuses
 * other keys of that kind.
 */
export function hostSerialOf(commandLine: string): number {
  const values = commandLine.split(/\s+/).flatMap((word) => {
    const [key, value] = word.split('=');
    return key === 'bulkhead.policy-serial' ? [value] : [];
  });
  if (values.length === 0) return 0;
  const serial = Number(values[0]);
  if (values.length > 1 || !/^\d+$/.test(values[0] ?? '') || !Number.isSafeInteger(serial))
    throw new Error('malformed bulkhead.policy-serial on the kernel command line');
  return serial;
}
