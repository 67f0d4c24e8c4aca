import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../../common/cause.js';
import { readIfThere, replaceDurably } from '../../common/durable-file.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { listUsable } from '../instance/list.js';
import { sharedRecordsIn } from '../instance/paths.js';
import { identify, isRunning } from '../instance/process-identity.js';
import { identityOf } from './host-place.js';
import type { PlacedShare } from './open-shares.js';
import type { ShareRequest } from './share-request.js';

const owner = z.strictObject({ pid: z.int().positive(), started: z.string() });
const directory = z.strictObject({
  path: z.string(),
  /** By `identityOf`, as it may be moved; none where it was not known. */
  identity: z.string().optional(),
  readOnly: z.boolean(),
  /** What of it no container sees, by `identityOf`. */
  hidden: z.array(z.string()),
});
const use = z.strictObject({ path: z.string(), what: z.string() });

/** What an engine's containers can reach of this machine, and what of the machine it goes by itself, for as long as its process runs. */
const recordSchema = z.strictObject({
  format: z.literal(2),
  owner,
  directories: z.array(directory),
  uses: z.array(use),
});

/** Of an engine that was started by an earlier version, and still runs. What it does not say is the worst. */
const earlierSchema = z
  .strictObject({ format: z.literal(1), owner, directories: z.array(z.string()) })
  .transform((record) => ({
    owner: record.owner,
    directories: record.directories.map((path) => ({ path, readOnly: false, hidden: [] })),
    uses: [],
  }));

/** Of whatever version. */
const ownedSchema = z.object({ owner: z.object(owner.shape) });

export type RecordedShare = z.infer<typeof directory>;

/** What one engine or VM says of itself. */
export interface SharedRecord {
  readonly directories: readonly RecordedShare[];
  /** Its own places and files. */
  readonly uses: readonly { readonly path: string; readonly what: string }[];
}

/** One that runs. */
export interface RunningRecord extends SharedRecord {
  readonly file: string;
  readonly name: string;
  readonly kind: 'engine' | 'vm';
}

/** For the reader. */
export function titleOf({ kind, name }: Pick<RunningRecord, 'kind' | 'name'>): string {
  return `${kind === 'vm' ? 'the VM' : 'the engine'} ${JSON.stringify(name)}`;
}

/**
 * Says which directories this process shares with containers from now on, and what it goes by. Before it looks what must not be in them, as who puts such a thing somewhere
 * looks here after having said where: so one of the two sees the other.
 *
 * @param file of `sharedRecords`.
 */
export async function recordShares(file: string, { directories, uses }: SharedRecord): Promise<void> {
  const self = await identify(process.pid);
  if (self === undefined) throw new Error('this process does not find itself');
  const record = {
    format: 2,
    owner: self,
    directories,
    uses: uses.map(({ path, what }) => ({ path, what })),
  };
  replaceDurably(file, `${JSON.stringify(recordSchema.parse(record))}\n`);
}

/** What is to be shared and was not opened yet, or is mounted as it is: nothing of it is hidden. One that is not there is refused by who opens it. */
export async function recordOfRequests(requests: readonly ShareRequest[]): Promise<RecordedShare[]> {
  return Promise.all(
    requests.map(async ({ path, readOnly }) => {
      const real = await realpath(path).catch(() => path);
      const numbers = await stat(real, { bigint: true }).catch(() => undefined);
      const identity = numbers === undefined ? {} : { identity: identityOf(numbers) };
      return { path: real, ...identity, readOnly, hidden: [] };
    }),
  );
}

export async function recordOfOpened({
  handle,
  place,
  readOnly,
  hidden,
}: PlacedShare): Promise<RecordedShare> {
  return {
    path: place.realPath,
    identity: identityOf(await handle.stat({ bigint: true })),
    readOnly,
    hidden: hidden.map(({ identity }) => identity),
  };
}

/**
 * The engines and VMs that run of the instances in a directory, but for another user's.
 *
 * @throws BH_SHARE_RECORD where what one of them shares can't be told: it could be anything.
 */
export async function runningRecords(stateRoot: string): Promise<RunningRecord[]> {
  const found: RunningRecord[] = [];
  for (const name of await instancesIn(stateRoot)) {
    const files = sharedRecordsIn(join(stateRoot, name));
    for (const kind of ['engine', 'vm'] as const) {
      const record = await readRunning(files[kind]);
      if (record === undefined) continue;
      const { directories, uses } = record;
      found.push({ file: files[kind], name, kind, directories, uses });
    }
  }
  return found;
}

/** By name, but for another user's. @throws BH_SHARE_RECORD */
export async function instancesIn(stateRoot: string): Promise<readonly string[]> {
  try {
    return await listUsable(stateRoot);
  } catch (cause) {
    throw untold(stateRoot, cause, 'See to it that you can read that directory.');
  }
}

/** What one says that has ended is not read: a later version may have written it, and nobody would ever start again. */
async function readRunning(file: string): Promise<SharedRecord | undefined> {
  try {
    const text = readIfThere(file);
    if (text === undefined) return undefined;
    const record: unknown = JSON.parse(text);
    if (!(await isRunning(ownedSchema.parse(record).owner))) return undefined;
    return z.discriminatedUnion('format', [recordSchema, earlierSchema]).parse(record);
  } catch (cause) {
    throw untold(file, cause, 'Remove that file where none of that name runs.');
  }
}

function untold(file: string, cause: unknown, cure: string): BulkheadError {
  const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : messageOf(cause);
  return new BulkheadError('BH_SHARE_RECORD', { file, reason, cure }, { cause });
}
