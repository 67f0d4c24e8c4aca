import { z } from 'zod';
import { isDigest } from '../../common/image-reference.js';
import type { KnownContents } from './decide-image.js';

const descriptor = z.object({ digest: z.string().refine(isDigest) });

/**
 * Of one list of a manifest. Threat: in 4 MiB there is room for more than a million, and to say of each that it is no descriptor cost a gigabyte and seconds of all others.
 */
const most = 10_000;
const list = z.array(z.unknown()).max(most).default([]);

/** What of a manifest, or of an index of several, leads on (OCI image specification, Docker's schema 2). */
const manifestSchema = z.object({
  config: z.unknown().optional(),
  layers: list,
  manifests: list,
  /** Of artifacts. */
  blobs: list,
});

/** The contents a manifest names; none of a text that is none. */
export function contentsOf(manifest: string): string[] {
  try {
    const { config, layers, manifests, blobs } = manifestSchema.parse(JSON.parse(manifest));
    const named = [...(config === undefined ? [] : [config]), ...layers, ...manifests, ...blobs];
    // To the first that is none.
    return named.map((each) => descriptor.parse(each).digest);
  } catch {
    return [];
  }
}

/** What was let through, so that the rest of an image whose first manifest was admitted is admitted, too. The oldest are forgotten, which asks for the image again. */
export class AdmittedContents implements KnownContents {
  readonly #limit: number;
  readonly #known = new Set<string>();

  constructor(limit = 100_000) {
    this.#limit = limit;
  }

  has(repository: string, digest: string): boolean {
    return this.#known.has(`${repository}@${digest}`);
  }

  /** @param repository as it was asked for, at a mirror the mirror's. */
  admit(repository: string, digests: readonly string[]): void {
    for (const digest of digests) {
      const key = `${repository}@${digest}`;
      this.#known.delete(key);
      this.#known.add(key);
    }
    for (const oldest of this.#known) {
      if (this.#known.size <= this.#limit) return;
      this.#known.delete(oldest);
    }
  }
}
