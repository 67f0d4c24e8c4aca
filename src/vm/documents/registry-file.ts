import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { codeOf } from '../../common/cause.js';
import { readRegistry, type Registry } from '../../policy/index.js';
import { openDocument } from './open-document.js';

/** Where Docker's `registry.json` lies on this machine; it holds for every instance that is not given another. */
const machineRegistryFile = '/etc/bulkhead/registry.json';

/** As it was in the file when it was read: everything that is done with it is done with these bytes. */
export interface RegistryFile extends Registry {
  /** Absolute. */
  readonly file: string;
  readonly bytes: Buffer;
}

/** The file that is given, or the machine's; undefined where that does not exist. One that is there and cannot be read is an error later on. */
export async function registryFileOf(given: string | undefined): Promise<string | undefined> {
  if (given !== undefined) return resolve(given);
  try {
    await using _file = await open(machineRegistryFile);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
  }
  return machineRegistryFile;
}

/** @throws BH_REGISTRY_FILE, BH_REGISTRY_INVALID with the first place that is wrong. */
export async function readRegistryFile(file: string): Promise<RegistryFile> {
  const { handle, ...registry } = await openRegistryFile(file);
  await handle.close();
  return registry;
}

/** The same, for who hands the open file on: its position is at the start. The handle is the caller's to close. */
export async function openRegistryFile(
  file: string,
): Promise<RegistryFile & { readonly handle: FileHandle }> {
  const { value, bytes, handle } = await openDocument(file, 'BH_REGISTRY_FILE', (read) =>
    readRegistry(read, file),
  );
  return { ...value, file, bytes, handle };
}
