import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { z } from 'zod';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import type { Exec } from '../common/exec.js';
import { parseRelease, type Suite } from './apt-release.js';
import { checkPin, includeArgument, parseArchiveName } from './debian-packages.js';
import { hashFile } from './file-hash.js';
import { type ImagePackage, type Manifest, manifestSchema } from './manifest.js';
import { chooseMirror } from './mirror.js';
import { removeTree, temporaryDirectory } from './staging.js';
import { mmdebstrapArguments, suiteName, userlandError } from './userland-argv.js';

export interface UserlandOptions {
  /** Directory of all userlands, by key. */
  readonly parent: string;
  readonly packages: readonly string[];
  readonly pin: { readonly path: string; readonly manifest: Manifest } | undefined;
  readonly strict: boolean;
  /** Fetch again even if the same list was unpacked before: the mirror may have newer versions. */
  readonly refresh: boolean;
  readonly mirror: string | undefined;
  readonly now: Date;
  readonly signal: AbortSignal | undefined;
}

export interface Userland {
  /** The unpacked tree. Nothing in it has been configured. */
  readonly root: string;
  readonly suite: Suite;
  readonly packages: readonly ImagePackage[];
  readonly reused: boolean;
}

const recordSchema = manifestSchema.pick({ suite: true, packages: true });

/**
 * Unpacks the Debian packages, or finds them unpacked by an earlier build of the same list. Throws the `BH_IMAGE_…` errors of
 * mirror, signature, expiry and pin; leaves nothing behind when it fails.
 */
export async function prepareUserland(options: UserlandOptions, exec: Exec): Promise<Userland> {
  const include = includeArgument(options.packages, options.pin?.manifest);
  const key = createHash('sha256').update(`1\0${suiteName}\0${include}`).digest('hex').slice(0, 16);
  const dir = join(options.parent, key);
  const cached = options.refresh ? undefined : await readRecord(dir);
  const record = cached ?? (await unpack(dir, include, options, exec));
  const suite = { ...record.suite, expired: isExpired(record.suite, options.now) };
  if (suite.expired && options.strict) throw expired(suite);
  if (options.pin !== undefined) checkPin(record.packages, options.pin.manifest, options.pin.path);
  return { root: join(dir, 'root'), suite, packages: record.packages, reused: cached !== undefined };
}

type UserlandRecord = z.infer<typeof recordSchema>;

async function readRecord(dir: string): Promise<UserlandRecord | undefined> {
  const text = await readFile(join(dir, 'packages.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  return recordSchema.safeParse(JSON.parse(text)).data;
}

async function unpack(
  dir: string,
  include: string,
  options: UserlandOptions,
  exec: Exec,
): Promise<UserlandRecord> {
  await using temporary = await temporaryDirectory(options.parent);
  const root = join(temporary.path, 'root');
  const mirror = await chooseMirror(options.mirror, suiteName, exec, options.signal);
  const argv = mmdebstrapArguments({ include, strict: options.strict, target: root, mirror });
  const result = await exec.run(
    'mmdebstrap',
    argv,
    options.signal === undefined ? {} : { signal: options.signal },
  );
  if (result.exitCode !== 0) throw userlandError(`${result.stdout}\n${result.stderr}`, options.pin?.path);
  const suite = await readSuite(root, options.now);
  if (suite.expired && options.strict) throw expired(suite);
  const record = { suite, packages: await hashArchives(join(root, 'var/cache/apt/archives')) };
  // The mirror's name is in these, and nothing of them belongs in an image.
  await Promise.all(['var/cache/apt', 'var/lib/apt', 'etc/apt'].map((path) => removeTree(join(root, path))));
  await writeFile(join(temporary.path, 'packages.json'), JSON.stringify(record, null, 2));
  await mkdir(options.parent, { recursive: true });
  await rm(dir, { recursive: true, force: true });
  await rename(temporary.path, dir);
  return record;
}

async function readSuite(root: string, now: Date): Promise<Suite> {
  const lists = join(root, 'var/lib/apt/lists');
  const name = (await readdir(lists)).find((file) => file.endsWith('_InRelease'));
  const suite = name === undefined ? undefined : parseRelease(await readFile(join(lists, name), 'utf8'), now);
  if (suite !== undefined) return suite;
  throw new BulkheadError('BH_IMAGE_RELEASE_SIGNATURE', {
    suite: suiteName,
    reason: 'there is no InRelease file',
  });
}

/** apt compared each file with the signed index when it fetched it; the hash of the file is therefore the index's. */
async function hashArchives(archives: string): Promise<ImagePackage[]> {
  const packages: ImagePackage[] = [];
  for (const file of (await readdir(archives)).filter((name) => name.endsWith('.deb')).sort()) {
    const identity = parseArchiveName(file);
    if (identity === undefined) {
      throw new BulkheadError('BH_IMAGE_STEP_FAILED', {
        step: 'recording packages',
        reason: `unknown name ${file}`,
      });
    }
    packages.push({ ...identity, sha256: (await hashFile(join(archives, file))).sha256 });
  }
  return packages;
}

function isExpired(suite: Suite, now: Date): boolean {
  return suite.validUntil !== null && Date.parse(suite.validUntil) < now.getTime();
}

function expired(suite: Suite): BulkheadError {
  return new BulkheadError('BH_IMAGE_RELEASE_EXPIRED', {
    suite: suite.name,
    validUntil: suite.validUntil ?? '',
  });
}
