import { lstat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isAbsent } from '../../common/cause.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { type HostPlace, identityOf, liesIn, placeAt, placeByName, placeOfName } from './host-place.js';
import { namesOnTheWay } from './names-on-the-way.js';
import {
  type RecordedShare,
  recordShares,
  type RunningRecord,
  runningRecords,
  titleOf,
} from './recorded-shares.js';
import type { UsedPlace } from './used-places.js';

/** A name on the way to a place, or the place itself. */
export interface NamePlace {
  readonly place: HostPlace;
  /** Of it and each directory above it. */
  readonly identities: readonly string[];
  /** Of what the claim goes by, those that lie below it. */
  readonly below: readonly string[];
  /** What the names before lead to. */
  readonly isLast: boolean;
}

/** What containers of another engine or VM have. */
export interface OthersShare {
  readonly place: HostPlace;
  readonly identity?: string | undefined;
  readonly hidden: readonly string[];
}

/**
 * Whether containers that have this share can change where the name leads, or have what it names. What is hidden in it, with all below, and where that lies they can neither see
 * nor move (`share-guard/covers.c`); nor what is above it, which a way may leave by `..`. Pure.
 */
export function reaches(share: OthersShare, { place, identities, below, isLast }: NamePlace): boolean {
  const isMoved = share.identity !== undefined && identities.includes(share.identity);
  const stays = isLast ? identities : [...identities, ...below];
  if (isMoved || liesIn(place, share.place))
    return !stays.some((identity) => share.hidden.includes(identity));
  return isLast && liesIn(share.place, place);
}

/** What one engine or VM goes by. */
export interface Claim {
  /** Its own, of `sharedRecords`. */
  readonly file: string;
  readonly uses: readonly UsedPlace[];
  /** Whom a refusal tells the reader to ask. */
  readonly contact: string;
}

/**
 * Says what an engine or VM goes by, and refuses to start it where containers of one that runs can change that. Only the other could hide it, and it has what it was started
 * with. Gives what says the same with what is shared; who shares a directory from now on sees it, and hides it or is refused.
 *
 * @throws BH_PLACE_SHARED
 */
export async function claimPlaces(
  claim: Claim,
): Promise<(directories: readonly RecordedShare[]) => Promise<void>> {
  const { file, uses } = claim;
  const record = (directories: readonly RecordedShare[]): Promise<void> =>
    recordShares(file, { directories, uses });
  await record([]);
  const running = await runningRecords(dirname(dirname(file)));
  await refuseShared(
    claim,
    running.filter((other) => other.file !== file),
  );
  return record;
}

async function refuseShared({ uses, contact }: Claim, others: readonly RunningRecord[]): Promise<void> {
  const shares: (OthersShare & { readonly of: RunningRecord; readonly said: RecordedShare })[] = [];
  for (const of of others)
    for (const said of of.directories)
      shares.push({ ...said, of, said, place: await placeOfShare(said.path) });
  if (shares.length === 0) return;
  const ways: (UsedPlace & { readonly names: readonly string[] })[] = [];
  for (const use of uses) ways.push({ ...use, names: await namesOnTheWay(use.path) });
  const ends: (readonly string[])[] = [];
  for (const { names } of ways) ends.push(await identitiesTo(names.at(-1) ?? '/'));
  for (const { path, what, secret, names } of ways) {
    for (const name of names) {
      const isLast = name === names.at(-1);
      const identities = await identitiesTo(name);
      const below = ends.flatMap((end) => belowIn(end, name, identities));
      const placed = { place: await placeOfName(name), identities, below, isLast };
      const share = shares.find((one) => (secret === true || !one.said.readOnly) && reaches(one, placed));
      if (share === undefined) continue;
      const { of, said } = share;
      throw new BulkheadError('BH_PLACE_SHARED', {
        name,
        what: isLast ? what : `on the way to ${path}, ${what}`,
        other: titleOf(of),
        directory: said.path,
        cure: cureOf(of),
        contact,
      });
    }
  }
}

/**
 * Of what was shared by that path. What can't be looked at now (another's, a dead server's) counts by name, as what is gone does: its real path and its identity are recorded,
 * and the trouble of whose share it is keeps nobody else from starting.
 */
async function placeOfShare(path: string): Promise<HostPlace> {
  return (await placeAt(path).catch(() => undefined)) ?? placeByName(path);
}

/** Threat: of a link that a container has just removed only what is above it is there. */
function belowIn(end: readonly string[], name: string, identities: readonly string[]): readonly string[] {
  const own = identities.length === name.split('/').length ? identities.at(-1) : undefined;
  const at = own === undefined ? -1 : end.indexOf(own);
  return at < 0 ? [] : end.slice(at + 1);
}

function cureOf({ kind, name }: RunningRecord): string {
  return kind === 'vm'
    ? `\`bulkhead down --name ${name}\`, start this one, then \`bulkhead up --name ${name}\`: that VM then hides it from its containers.`
    : 'End that engine first.';
}

async function identitiesTo(name: string): Promise<string[]> {
  const above = dirname(name) === name ? [] : await identitiesTo(dirname(name));
  try {
    return [...above, identityOf(await lstat(name, { bigint: true }))];
  } catch (error) {
    if (isAbsent(error)) return above;
    throw error;
  }
}
