import { z } from 'zod';
import { connectionDecisionSchema } from '../../common/audit-event.js';

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

/** A connection that ends in the thread from now on. */
export const handedSchema = z.strictObject({
  id: z.number(),
  to: z.strictObject({ address: z.string(), port: z.number() }),
});
export type HandedConnection = z.infer<typeof handedSchema>;

/** What the thread tells. */
export const engineReportSchema = z.strictObject({
  kind: z.literal('decided'),
  decision: connectionDecisionSchema,
  /** For people, of a refusal. */
  text: z.string().optional(),
});
export type EngineReport = z.infer<typeof engineReportSchema>;
