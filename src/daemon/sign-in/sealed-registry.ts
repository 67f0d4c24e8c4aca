import { readRegistry, type Registry } from '../../policy/index.js';
import { readSealedFile } from '../sealed-file.js';

/**
 * The machine's `registry.json`, as it was when the engine started.
 *
 * @param fd sealed copy of it; undefined where there is none.
 * @throws BH_REGISTRY_INVALID, with the first place that is wrong; what the system says.
 */
export function readSealedRegistry(fd: number | undefined): Registry | undefined {
  return fd === undefined ? undefined : readRegistry(readSealedFile(fd), 'registry.json');
}
