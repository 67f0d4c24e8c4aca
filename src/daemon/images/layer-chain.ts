import { createHash } from 'node:crypto';

/**
 * What names the layers of an image up to each of them, the lowest first (OCI image specification, ChainID).
 *
 * @param layers their DiffIDs.
 */
export function chainsOf(layers: readonly string[]): string[] {
  const chains: string[] = [];
  for (const layer of layers) {
    const below = chains.at(-1);
    chains.push(
      below === undefined
        ? layer
        : `sha256:${createHash('sha256').update(`${below} ${layer}`).digest('hex')}`,
    );
  }
  return chains;
}
