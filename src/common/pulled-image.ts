import { z } from 'zod';
import { isDigest } from './image-reference.js';

const content = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** Of one line: all of it fits into the longest one that is read (`line-reader.ts`). */
export const mostTold = { names: 20, layers: 256 } as const;

const nameSchema = z.strictObject({
  /** As `docker.io/library/nginx`. */
  repository: z.string().max(512),
  tag: z.string().max(128).optional(),
  digest: z.string().refine(isDigest),
});

/** What the host's gateway saw the engine pull, as it tells bulkheadd, a JSON line each. */
export const pulledImageSchema = z.strictObject({
  kind: z.literal('pulled'),
  /** Said back when bulkheadd knows it. */
  number: z.int().min(0),
  names: z.array(nameSchema).min(1).max(mostTold.names),
  /** Its id and the DiffIDs of its layers, the lowest first. Absent where the gateway was asked for the digest of a name alone. */
  image: z.strictObject({ id: content, layers: z.array(content).max(mostTold.layers) }).optional(),
});
export type PulledImage = z.infer<typeof pulledImageSchema>;
export type PulledFacts = Omit<PulledImage, 'kind' | 'number'>;

/** The answer to that. Until it has come, what names the layers of an image is not passed on: what is made of them would be judged too early. */
export const learntSchema = z.strictObject({ kind: z.literal('learnt'), number: z.int().min(0) });
export type Learnt = z.infer<typeof learntSchema>;
