import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BulkheadError } from '../common/errors/bulkhead-error.js';
import { imageDir, imageKey, loadManifest, manifestFileName, rememberedPolicyKey } from '../image/index.js';

/**
 * The image to boot when none was named: in a checkout the one its sources build, so that a change is never tested with an older
 * image; elsewhere the newest in the cache. Where a policy key is remembered, one with that key. Throws `BH_NO_IMAGE`.
 */
export async function findImage(cacheDir: string, projectDir: string): Promise<string> {
  const images = join(cacheDir, 'images');
  const policyKey = rememberedPolicyKey(cacheDir);
  if (await exists(join(projectDir, 'vm-image', 'packages.txt'))) {
    const directory = imageDir(cacheDir, await imageKey(projectDir, 'release', { policyKey }));
    if (await exists(join(directory, manifestFileName))) return directory;
    throw new BulkheadError('BH_NO_IMAGE', { directory });
  }
  const newest = await newestImage(images, policyKey);
  if (newest === undefined) throw new BulkheadError('BH_NO_IMAGE', { directory: images });
  return newest;
}

async function newestImage(images: string, policyKey: string | undefined): Promise<string | undefined> {
  // Names with a dot are of images that are being made or deleted.
  const names = (await readdir(images).catch(() => [])).filter((name) => !name.startsWith('.'));
  const dated = await Promise.all(
    names.map(async (name) => {
      const directory = join(images, name);
      const manifest = await stat(join(directory, manifestFileName)).catch(() => undefined);
      const known =
        policyKey === undefined ||
        (await loadManifest(directory).catch(() => undefined))?.policyKey === policyKey;
      return { directory, modified: known ? manifest?.mtimeMs : undefined };
    }),
  );
  const usable = dated.flatMap(({ directory, modified }) =>
    modified === undefined ? [] : [{ directory, modified }],
  );
  return usable.toSorted((a, b) => b.modified - a.modified)[0]?.directory;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
