import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { readIfThere } from '../../common/durable-file.js';
import { foreignMount, type ForeignMount, type KeptRecord } from '../../gate/kept-records.js';
import type { OperationId } from '../../gate/operations.js';
import type { SharedPaths } from '../../gate/shared-paths.js';

/** What dockerd itself does through the mounts of a container it never starts. */
const throughMounts: ReadonlySet<OperationId> = new Set([
  'ContainerArchive',
  'ContainerArchiveInfo',
  'PutContainerArchive',
]);

/**
 * Refuses what the engine would do, as root of the VM, through a mount that was in its records before this engine had rules. Whichever container it is asked
 * for: between a look at a name and dockerd's own it can be given to another.
 *
 * Looks before anything is served. Where there is none then, none can come: nobody but the engine writes there, and what it is asked to is judged.
 */
export function createKeptMountJudge(
  dataRoot: string,
  shared: SharedPaths,
): (asked: { readonly operation: { readonly id: OperationId } }) => undefined {
  const look = (): ForeignMount[] =>
    keptRecords(dataRoot).flatMap((record) => foreignMount(record, shared) ?? []);
  let foreign = look();
  return ({ operation: { id } }) => {
    if (foreign.length === 0 || !(throughMounts.has(id) || id === 'ContainerCreate')) return undefined;
    foreign = look();
    const decisive = foreign.find(({ kind }) => throughMounts.has(id) || kind === 'volume');
    if (decisive !== undefined) throw refusal(decisive);
    return undefined;
  };
}

function keptRecords(dataRoot: string): KeptRecord[] {
  const read = (kind: KeptRecord['kind'], directory: string, file: string): KeptRecord[] =>
    namesIn(join(dataRoot, directory)).flatMap((name) => {
      const text = readIfThere(join(dataRoot, directory, name, file));
      return text === undefined ? [] : [{ kind, name, text }];
    });
  return [...read('container', 'containers', 'config.v2.json'), ...read('volume', 'volumes', 'opts.json')];
}

/** None where dockerd has not made the directory yet. */
function namesIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

function refusal({ kind, name, source }: ForeignMount): BulkheadError {
  const command = kind === 'volume' ? 'docker volume rm' : 'docker rm';
  return new BulkheadError('BH_GATE_KEPT_MOUNT', { kind, name, source, command });
}
