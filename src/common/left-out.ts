import { z } from 'zod';

/** How many lines there was no room for, as the host's gateway, and who hands on what it says, tell bulkheadd: a JSON line. */
export const leftOutSchema = z.strictObject({ kind: z.literal('left-out'), count: z.int().min(1) });
export type LeftOut = z.infer<typeof leftOutSchema>;
