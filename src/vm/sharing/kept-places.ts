import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { userSettingsFile } from '../../common/user-settings-file.js';
import { cacheRoot } from '../../image/index.js';
import { makeHostRecords } from '../documents/index.js';
import { movedDisks } from '../disk/index.js';
import type { InstancePaths } from '../instance/paths.js';
import type { ProtectedDirectory } from './protected-places.js';
import { instancesIn, type RunningRecord, runningRecords, titleOf } from './recorded-shares.js';
import { type GoverningFiles, usedPlaces } from './used-places.js';
import { placesRootReaches } from './user-places.js';

/**
 * What no container may have of this machine, engine or VM: who writes to one of these decides what runs here, or what the next of them is. What is not there yet could be
 * shared, so it is made. What others that run go by is among it, and the state of those that don't, which can lie elsewhere, behind a link: who starts one next goes by what is there.
 */
export async function keptPlaces(
  paths: Pick<InstancePaths, 'stateDir' | 'runtimeDir' | 'policyRecords'>,
  governing: GoverningFiles,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ProtectedDirectory[]> {
  for (const made of [dirname(userSettingsFile(env)), cacheRoot(env)])
    await mkdir(made, { recursive: true, mode: 0o700 }).catch(() => undefined);
  makeHostRecords(paths.policyRecords[0]);
  const stateRoot = dirname(paths.stateDir);
  return [
    ...usedPlaces(paths, governing, env),
    ...(await instancesIn(stateRoot)).map((name) => join(stateRoot, name)).map(stateAt),
    ...(await movedDisks()).map((path) => ({ path, what: 'the data disk of a VM' })),
    ...paths.policyRecords.map((path) => ({ path, what: 'what is remembered of policies' })),
    ...(await placesRootReaches(env)),
    ...(await runningRecords(stateRoot)).flatMap(usesOf),
  ];
}

function usesOf(record: RunningRecord): ProtectedDirectory[] {
  return record.uses.map(({ path, what }) => ({ path, what: `${what}, by which ${titleOf(record)} goes` }));
}

function stateAt(path: string): ProtectedDirectory {
  return { path, what: `the state of engines and VMs (${path})` };
}
