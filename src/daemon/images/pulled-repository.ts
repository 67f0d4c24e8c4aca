import { canonicalImage } from '../../egress/index.js';
import { askedImages } from '../../gate/image-names.js';
import type { Operation } from '../../gate/operations.js';

/** The repository a request has the engine pull from; undefined where it pulls nothing, or where the engine may read it in another way. */
export function pulledRepository(
  operation: Pick<Operation, 'id' | 'parameters'>,
  query: string | undefined,
): string | undefined {
  if (operation.id !== 'ImageCreate') return undefined;
  const asked = new Set(askedImages(operation, query).map(({ name }) => canonicalImage(name)?.repository));
  const [repository] = asked;
  return asked.size === 1 ? repository : undefined;
}
