import { randomUUID } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf } from '../../common/cause.js';
import { readIfThere, replaceDurably, syncDirectory } from '../../common/durable-file.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import {
  contentHash,
  type KnownPolicy,
  parsePolicyRecord,
  parseSeenTime,
  type PolicyRecord,
  policyRecordText,
  type ReadPolicy,
  type SeenTime,
  seenTimeText,
} from '../../policy/index.js';

/** `<directory>/<key id>/<serial>.json`. Each has a file of its own, so that of two instances that start at once none lowers what the other wrote. */
const recordName = /^(\d+)\.json$/;

/**
 * What the host remembers of the policies of one key: one memory for all instances.
 *
 * @param directories `InstancePaths.policyRecords`.
 * @throws BH_POLICY_RECORD for a damaged one; what the system says.
 */
export function readHostRecords(directories: readonly string[], keyId: string): KnownPolicy[] {
  return directories.flatMap((directory) => recordsIn(join(directory, keyId)));
}

/** The ids of all keys something is remembered of, sorted. */
export function keysOfHostRecords(directories: readonly string[]): string[] {
  const names = directories.flatMap(namesIn).filter((name) => /^[0-9a-f]{16}$/.test(name));
  return [...new Set(names)].toSorted();
}

function recordsIn(directory: string): KnownPolicy[] {
  const files = namesIn(directory).filter((name) => recordName.test(name));
  const records = files.flatMap((name) => {
    const file = join(directory, name);
    const record = parsePolicyRecord(readIfThere(file), file);
    if (record !== undefined && `${record.serial}.json` !== name)
      throw new BulkheadError('BH_POLICY_RECORD', { file });
    return record === undefined ? [] : [record];
  });
  // One is gone because a higher one came meanwhile.
  return records.length < files.length ? recordsIn(directory) : records;
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Of a policy that a key has signed, once it is in force: before, its serial must not keep another out. Throws what the system says. */
export function recordInForce(
  directories: readonly [string, ...string[]],
  { settings, document }: ReadPolicy,
): void {
  const { serial, signature } = settings.bulkhead ?? {};
  if (serial === undefined || signature === undefined) return;
  addHostRecord(directories, signature.keyId, { serial, sha256: contentHash(document) });
  noteHostTime(directories, signature.keyId, Date.now());
}

/** Beside the records of a key. Of one of whose policies none was in force, nothing is remembered. */
const timeName = 'time.json';

/** The highest time this machine has seen under policies of a key. @throws BH_POLICY_RECORD; what the system says. */
export function readHostTime(directories: readonly string[], keyId: string): SeenTime | undefined {
  const times = directories.flatMap((directory) => {
    const file = join(directory, keyId, timeName);
    return parseSeenTime(readIfThere(file), file) ?? [];
  });
  return times.toSorted((a, b) => b.time - a.time)[0];
}

/** Never lowers it. Where it cannot be written the data disk has the same. */
export function noteHostTime([directory]: readonly [string, ...string[]], keyId: string, now: number): void {
  const own = join(directory, keyId);
  try {
    const seen = readHostTime([directory], keyId);
    if (namesIn(own).length === 0 || (seen !== undefined && seen.time >= now)) return;
    replaceDurably(join(own, timeName), seenTimeText(now));
    chmodSync(join(own, timeName), 0o644);
  } catch {
    // What is damaged is told by who reads it.
  }
}

/**
 * Makes the directory, and the product's above it, where they are missing and can be made. What root writes every user reads, whatever root's umask is: whoever could not look into it
 * could start nothing.
 */
export function makeHostRecords(directory: string): void {
  const mode = process.getuid?.() === 0 ? 0o755 : 0o700;
  try {
    for (const made of [dirname(directory), directory])
      if (mkdirSync(made, { recursive: true, mode }) !== undefined) chmodSync(made, mode);
  } catch {
    // Who has to write there is told.
  }
}

/** Adds one; a higher one stays, and of an equal one the first. Throws what the system says. */
export function addHostRecord(
  [directory]: readonly [string, ...string[]],
  keyId: string,
  record: PolicyRecord,
): void {
  const own = join(directory, keyId);
  makeHostRecords(directory);
  if (mkdirSync(own, { recursive: true }) !== undefined) chmodSync(own, 0o755);
  const draft = join(own, `.${randomUUID()}`);
  try {
    writeFileSync(draft, policyRecordText(record), { mode: 0o600, flush: true, flag: 'wx' });
    chmodSync(draft, 0o644);
    linkSync(draft, join(own, `${record.serial}.json`));
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  syncDirectory(own);
  const serials = namesIn(own).map((name) => Number(recordName.exec(name)?.[1] ?? Number.NaN));
  const highest = Math.max(record.serial, ...serials.filter((serial) => Number.isSafeInteger(serial)));
  for (const serial of serials) if (serial < highest) rmSync(join(own, `${serial}.json`), { force: true });
}
