import { z } from 'zod';

export const pacWorkerDataSchema = z.strictObject({ text: z.string(), ownAddress: z.string() });

export const pacQuestionSchema = z.strictObject({
  url: z.string(),
  host: z.string(),
  answers: z.record(z.string(), z.string().nullable()),
});

export type PacQuestion = z.infer<typeof pacQuestionSchema>;

/** `PacOutcome`, as it comes out of the thread. */
const pacOutcomeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('result'), text: z.string() }),
  z.strictObject({ kind: z.literal('resolve'), name: z.string() }),
  z.strictObject({ kind: z.literal('failed'), reason: z.string() }),
]);

/** What comes with the event of a message. */
export const pacOutcomesSchema = z.tuple([pacOutcomeSchema]);
