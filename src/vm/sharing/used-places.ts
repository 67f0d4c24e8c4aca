import { dirname } from 'node:path';
import { userSettingsFile } from '../../common/user-settings-file.js';
import { cacheRoot } from '../../image/index.js';
import type { InstancePaths } from '../instance/paths.js';
import { productDirectory } from '../product-directory.js';
import type { ProtectedDirectory } from './protected-places.js';

/** Files a person names on the command line, or the machine has; undefined for none. */
export interface GoverningFiles {
  readonly settings?: string | undefined;
  readonly policy?: string | undefined;
  readonly registry?: string | undefined;
  readonly publishers?: string | undefined;
}

/** What an engine or VM goes by. */
export interface UsedPlace extends ProtectedDirectory {
  /** Who reads it, or connects to what is in it, has it already. */
  readonly secret?: true;
}

/** What every engine and VM goes by; what one of them has beside that, its caller knows. */
export function usedPlaces(
  paths: Pick<InstancePaths, 'stateDir' | 'runtimeDir'>,
  { settings, policy, registry, publishers }: GoverningFiles,
  env: Readonly<Record<string, string | undefined>>,
): UsedPlace[] {
  const ownSettings = userSettingsFile(env);
  return [
    { path: dirname(paths.stateDir), what: 'the state of engines and VMs', secret: true },
    // A link to elsewhere, such as another disk.
    { path: paths.stateDir, what: 'the state of engines and VMs', secret: true },
    { path: dirname(paths.runtimeDir), what: 'the sockets of engines and VMs', secret: true },
    { path: cacheRoot(env), what: 'the images engines and VMs run' },
    { path: productDirectory, what: 'the programs of the product' },
    { path: dirname(ownSettings), what: 'the settings of the product' },
    // A link to elsewhere, as programs that keep settings under version control make.
    { path: ownSettings, what: 'the settings of the product' },
    ...[settings, policy, registry, publishers]
      .filter((file) => file !== undefined)
      .map((path) => ({ path, what: 'a file that governs engines and VMs' })),
  ];
}
