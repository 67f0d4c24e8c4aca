import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { orNothing } from '../../common/cause.js';
import { readIfThere, replaceDurably } from '../../common/durable-file.js';

/** Layers kept; of more than that first those are forgotten of which dockerd has its own notes still, and of each the ones learnt longest ago. */
const most = 20_000;

const sourceSchema = z.strictObject({ repository: z.string(), digest: z.string() });
const notesSchema = z.strictObject({
  format: z.literal(1),
  layers: z.array(z.tuple([z.string(), z.array(sourceSchema)])),
});

/** A repository a layer was pulled from, as dockerd writes it, and the digest it has there. */
export type NotedSource = Readonly<z.infer<typeof sourceSchema>>;

/**
 * Where layers came from, kept for when dockerd forgets it. Threat: of every layer it can't take over from the repository it has noted, and be it because whoever pushes may not
 * push there at all, dockerd strikes out that note (distribution/push_v2.go, Upload): after a push that fails the layer looks like one that was made here. On the engine's data
 * disk, where nothing but this process writes.
 */
export class NotedLayers {
  readonly #file: string;
  readonly #layers: Map<string, readonly NotedSource[]>;

  /** @param directory made where it is missing. What is there and cannot be read is taken for nothing. */
  constructor(directory: string) {
    orNothing(() => mkdirSync(directory, { recursive: true, mode: 0o700 }));
    this.#file = join(directory, 'layers.json');
    this.#layers = new Map(readNotes(this.#file));
  }

  sourcesOf(layer: string): readonly NotedSource[] {
    return this.#layers.get(layer) ?? [];
  }

  /** Throws what writing the file throws; what was learnt counts all the same. */
  learn(noted: ReadonlyMap<string, readonly NotedSource[]>): void {
    let isNew = false;
    for (const [layer, sources] of noted) {
      const known = this.sourcesOf(layer);
      const more = sources.filter((source) => !known.some((other) => isSame(other, source)));
      if (more.length === 0) continue;
      isNew = true;
      this.#layers.delete(layer);
      this.#layers.set(layer, [...known, ...more]);
    }
    if (!isNew) return;
    const layers = [...this.#layers.keys()];
    const tooMany = Math.max(0, layers.length - most);
    const least = [
      ...layers.filter((layer) => noted.has(layer)),
      ...layers.filter((layer) => !noted.has(layer)),
    ];
    for (const layer of least.slice(0, tooMany)) this.#layers.delete(layer);
    replaceDurably(this.#file, JSON.stringify({ format: 1, layers: [...this.#layers] }));
  }
}

function isSame(one: NotedSource, other: NotedSource): boolean {
  return one.repository === other.repository && one.digest === other.digest;
}

function readNotes(file: string): readonly (readonly [string, readonly NotedSource[]])[] {
  try {
    return notesSchema.parse(JSON.parse(readIfThere(file) ?? '')).layers;
  } catch {
    return [];
  }
}
