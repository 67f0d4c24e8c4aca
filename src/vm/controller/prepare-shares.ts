import { BulkheadError, isBulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Logger } from '../../common/log.js';
import { type Manifest, shareServerOf } from '../../image/index.js';
import { contactOf, sharesByDefault } from '../../policy/index.js';
import {
  type DocumentDisk,
  type PolicyFile,
  publisherFileOf,
  writeDocumentDisk,
} from '../documents/index.js';
import type { InstancePaths } from '../instance/paths.js';
import {
  claimPlaces,
  distinctShares,
  keptPlaces,
  notSharedByDefault,
  type OpenedShare,
  openRecorded,
  openShares,
  type PlacedShare,
  type ProtectedDirectory,
  recordOfOpened,
  serveShares,
  shareList,
  sharesInUse,
  type ShareRequest,
  type ShareServers,
  usedPlaces,
} from '../sharing/index.js';
import type { ControllerOptions } from './options.js';
import type { PreparedDocuments } from './prepare-documents.js';
import type { SharedDirectory, SharedNowParts } from './shared-now.js';

/** What of this machine a VM is to have, served. */
export interface PreparedShares {
  readonly servers: ShareServers;
  /** In the order of their servers. */
  readonly shares: readonly SharedDirectory[];
  /** Judges and opens others while the VM runs, by the same policy and the same bounds; undefined where the VM is not made for it. */
  readonly openMore: SharedNowParts['open'] | undefined;
  /** Says what is shared, beside what the VM goes by. */
  readonly record: SharedNowParts['record'];
  /** What the guest is told of them; empty when nothing is shared. */
  readonly disks: readonly DocumentDisk[];
  readonly notes: readonly string[];
}

interface Parts {
  readonly paths: InstancePaths;
  readonly options: Pick<ControllerOptions, 'image' | 'shares' | 'settings' | 'policy' | 'registry'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
}

/**
 * Says what this VM goes by, which no other may have; then opens what is shared, within the bounds of the policy this VM boots with, and starts its servers, which the caller ends.
 *
 * @throws BH_PLACE_SHARED, BH_SHARE_…; nothing runs then.
 */
export async function prepareShares(
  { paths, options, env, logger }: Parts,
  manifest: Manifest,
  {
    policy,
    user,
  }: { readonly policy: Pick<PolicyFile, 'settings' | 'file'> | undefined } & Pick<PreparedDocuments, 'user'>,
  signal: AbortSignal,
): Promise<PreparedShares> {
  const given = options.shares ?? [];
  const governing = { ...options, publishers: publisherFileOf(policy) };
  const image = { path: options.image, what: 'the image the VM runs' };
  const record = await claimPlaces({
    file: paths.sharedRecords.vm,
    uses: [
      ...usedPlaces(paths, governing, env),
      image,
      { path: paths.dataDisk, what: 'the data disk of the VM', secret: true },
    ],
    contact: contactOf(policy?.settings),
  });
  if (given.length + (user.bulkhead?.shares?.length ?? 0) === 0 && !sharesByDefault(policy?.settings))
    return { ...nothing, record, notes: [] };
  const protectedNow = async (): Promise<ProtectedDirectory[]> => [
    ...(await keptPlaces(paths, governing, env)),
    image,
  ];
  const facts = { env, beside: await protectedNow(), by: 'server' } as const;
  const { shares, allowedShares, notes } = await sharesInUse(given, policy?.settings, user, facts);
  await using handles = new AsyncDisposableStack();
  const opened = await openRecorded(
    async () => openShares(shares, await protectedNow(), allowedShares, 'server'),
    record,
  );
  for (const handle of new Set(opened.map((share) => share.handle))) handles.use(handle);
  try {
    const file = paths.documentDisks.shares;
    const disks = opened.length === 0 ? [] : [await writeDocumentDisk('shares', file, shareList(opened))];
    const servers = await serve(opened, options.image, manifest, {
      runtimeDir: paths.runtimeDir,
      logger,
      signal,
    });
    const openMore: SharedNowParts['open'] = async (request, earlier) =>
      openShares([request], await protectedNow(), allowedShares, 'server', earlier);
    return {
      servers,
      shares: await directoriesOf(shares, opened, servers),
      openMore: servers.served.length > 0 ? openMore : undefined,
      record,
      disks,
      notes,
    };
  } catch (error) {
    // Nobody here has asked for them, and a VM without them is of use.
    const byDefault = given.length === 0 && user.bulkhead?.shares === undefined;
    if (!byDefault || !isBulkheadError(error)) throw error;
    await record([]);
    return { ...nothing, record, notes: [...notes, notSharedByDefault(error)] };
  }
}

function serve(
  opened: readonly OpenedShare[],
  image: string,
  manifest: Manifest,
  where: Parameters<typeof serveShares>[2],
): Promise<ShareServers> {
  const [first] = opened;
  if (first === undefined) return Promise.resolve(noServers);
  const program = shareServerOf(image, manifest);
  if (program === undefined)
    return Promise.reject(new BulkheadError('BH_SHARE_NO_SERVER', { path: first.path, image }));
  return serveShares(opened, program, where);
}

/** Each request has one directory, by one name or two. */
async function directoriesOf(
  requests: readonly ShareRequest[],
  opened: readonly PlacedShare[],
  { served }: ShareServers,
): Promise<SharedDirectory[]> {
  const directories: SharedDirectory[] = [];
  for (const [index, share] of distinctShares(opened).entries()) {
    const request = requests[index];
    if (request === undefined) continue;
    const paths = opened.filter(({ handle }) => handle === share.handle).map(({ path }) => path);
    const recorded = await recordOfOpened(share);
    directories.push({ request, paths, place: share.place, recorded, tag: served[index]?.tag ?? '' });
  }
  return directories;
}

const noServers: ShareServers = {
  served: [],
  add: () => Promise.reject(new Error('the VM has no servers of shared directories')),
  remove: async () => undefined,
  [Symbol.asyncDispose]: async () => undefined,
};
const nothing = { servers: noServers, shares: [], openMore: undefined, disks: [] } as const;
