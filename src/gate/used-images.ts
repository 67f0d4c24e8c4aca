import type { EngineJson } from './engine-json.js';
import { arrayAt, asObject, objectAt, textAt } from './fields.js';

/**
 * The images whose files a container that is to be made would have, as they are named: its own, and those it mounts (`--mount type=image`).
 *
 * @param body of POST /containers/create. Throws `BH_GATE_BODY` for fields of a wrong type.
 */
export function usedImages(body: EngineJson): readonly string[] {
  const container = asObject(body, 'the body');
  const mounted = arrayAt(objectAt(container, 'hostconfig'), 'mounts').flatMap((entry) => {
    const mount = asObject(entry, 'mounts');
    return textAt(mount, 'type').toLowerCase() === 'image' ? [textAt(mount, 'source')] : [];
  });
  return [...new Set([textAt(container, 'image'), ...mounted])].filter((name) => name !== '');
}
