import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readIfThere } from '../../common/durable-file.js';
import { isAbsent } from '../../common/is-absent.js';
import { version } from '../../common/version.js';
import { loadManifest, type Manifest, manifestFileName, policyKeyPath } from '../../image/index.js';

/** What of a root is to be known before it runs. */
export interface RootIdentity {
  readonly version: Manifest['version'];
  /** The public key in it, PEM; undefined for none, null where only the root itself, which nobody has mounted yet, could tell. */
  readonly policyKey: string | null | undefined;
}

/**
 * Of a directory, what bulkheadd will find in it; of a file, what the manifest beside it says of it. Threat: a manifest that is damaged, or of another file, taken for
 * one of an image without a key.
 *
 * @throws BH_IMAGE_MANIFEST, BH_IMAGE_FILE_MISSING for one that cannot be read; what the system says.
 */
export async function rootIdentity(root: string): Promise<RootIdentity> {
  const found = await stat(root).catch(() => undefined);
  if (found?.isDirectory() === true) return { policyKey: readIfThere(join(root, policyKeyPath)), version };
  if (await isAbsent(join(dirname(root), manifestFileName))) return { policyKey: null, version };
  const manifest = await loadManifest(dirname(root));
  if (manifest.files.root.path !== basename(root)) return { policyKey: null, version };
  return { policyKey: manifest.policyKey, version: manifest.version };
}
