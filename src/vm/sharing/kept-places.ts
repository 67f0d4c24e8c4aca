import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { userSettingsFile } from '../../common/user-settings-file.js';
import { cacheRoot } from '../../image/index.js';
import { makeHostRecords } from '../documents/index.js';
import { movedDisks } from '../disk/index.js';
import type { InstancePaths } from '../instance/paths.js';
import { productDirectory } from '../product-directory.js';
import type { ProtectedDirectory } from './open-shares.js';
import { placesRootReaches } from './user-places.js';

/** Files a person names on the command line, or the machine has; undefined for none. */
export interface GoverningFiles {
  readonly settings?: string | undefined;
  readonly policy?: string | undefined;
  readonly registry?: string | undefined;
  readonly publishers?: string | undefined;
}

/**
 * What no container may have of this machine, engine or VM: who writes to one of these decides what runs here, or what the next of them is. What is not there yet could be
 * shared, so it is made.
 */
export async function keptPlaces(
  paths: Pick<InstancePaths, 'stateDir' | 'runtimeDir' | 'policyRecords'>,
  { settings, policy, registry, publishers }: GoverningFiles,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ProtectedDirectory[]> {
  const ownSettings = userSettingsFile(env);
  for (const made of [dirname(ownSettings), cacheRoot(env)])
    await mkdir(made, { recursive: true, mode: 0o700 }).catch(() => undefined);
  makeHostRecords(paths.policyRecords[0]);
  return [
    { path: dirname(paths.stateDir), what: 'the state of engines and VMs' },
    { path: dirname(paths.runtimeDir), what: 'the sockets of engines and VMs' },
    { path: cacheRoot(env), what: 'the images engines and VMs run' },
    { path: productDirectory, what: 'the programs of the product' },
    { path: dirname(ownSettings), what: 'the settings of the product' },
    // A link to elsewhere, as programs that keep settings under version control make.
    { path: ownSettings, what: 'the settings of the product' },
    ...[settings, policy, registry, publishers]
      .filter((file) => file !== undefined)
      .map((path) => ({ path, what: 'a file that governs engines and VMs' })),
    ...(await movedDisks()).map((path) => ({ path, what: 'the data disk of a VM' })),
    ...paths.policyRecords.map((path) => ({ path, what: 'what is remembered of policies' })),
    ...(await placesRootReaches(env)),
  ];
}
