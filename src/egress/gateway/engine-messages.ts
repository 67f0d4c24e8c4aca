import { z } from 'zod';
import { connectionDecisionSchema } from '../../common/audit-event.js';
import { learntSchema, pulledImageSchema } from '../../common/pulled-image.js';

/** What the thread starts with. */
export const engineWorkerDataSchema = z.strictObject({
  /** Where the relay is found. */
  relay: z.string(),
  /** The line the gateway was set up by (`setup.ts`). */
  setup: z.string(),
  /** Undefined: this machine's own. */
  nameServers: z.array(z.strictObject({ address: z.string(), port: z.number() })).optional(),
});
export type EngineWorkerData = z.infer<typeof engineWorkerDataSchema>;

/** What the thread is told. */
export const engineOrderSchema = z.discriminatedUnion('kind', [
  /** A connection that ends in it from now on. */
  z.strictObject({
    kind: z.literal('handed'),
    id: z.number(),
    to: z.strictObject({ address: z.string(), port: z.number() }),
  }),
  learntSchema,
]);
export type EngineOrder = z.infer<typeof engineOrderSchema>;

/** What the thread tells. */
export const engineReportSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('decided'),
    decision: connectionDecisionSchema,
    /** For people, of a refusal. */
    text: z.string().optional(),
  }),
  pulledImageSchema,
]);
export type EngineReport = z.infer<typeof engineReportSchema>;
