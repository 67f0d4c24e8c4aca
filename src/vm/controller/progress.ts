import { z } from 'zod';
import { wireErrorSchema } from '../../common/errors/wire-error.js';
import { stateNames } from '../lifecycle/state.js';
import { phaseNames } from '../phases.js';

/** One thing that happened while an instance starts or stops, as whoever waits for it is told. */
export const progressSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('state'),
    state: z.enum(stateNames),
    phase: z.enum(phaseNames).optional(),
    /** Milliseconds since the controller started. */
    atMs: z.number(),
    error: wireErrorSchema.optional(),
    /** Of `stopped`: false when the VM was ended instead of stopping by itself; a note has said so. */
    inOrder: z.boolean().optional(),
  }),
  /** One plain line a person should see. */
  z.strictObject({ kind: z.literal('note'), text: z.string() }),
]);

export type Progress = z.infer<typeof progressSchema>;
