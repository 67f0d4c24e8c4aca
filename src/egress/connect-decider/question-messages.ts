import { z } from 'zod';

const portSchema = z.number().int();

const hopSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('direct') }),
  z.object({ kind: z.literal('reject') }),
  z.object({
    kind: z.literal('proxy'),
    protocol: z.enum(['http', 'https', 'socks5']),
    host: z.string(),
    port: portSchema,
    user: z.object({ name: z.string(), password: z.string() }).exactOptional(),
  }),
]);

/** What the thread is asked: a question (`RegistryQuestion`) of somebody's under a number. */
const askedSchema = z.object({
  number: z.number(),
  client: z.string(),
  question: z.object({
    scheme: z.enum(['http', 'https']),
    host: z.string(),
    port: portSchema,
    addresses: z
      .array(z.object({ family: z.union([z.literal(4), z.literal(6)]), value: z.bigint() }))
      .readonly(),
    through: z
      .object({
        hops: z.array(hopSchema).readonly(),
        ask: z.object({ host: z.string(), port: portSchema }),
      })
      .exactOptional(),
  }),
});

/** That, or that nobody waits for the answer to one any longer. */
export const questionOrderSchema = z.union([askedSchema, z.object({ left: z.number() })]);
export type QuestionOrder = z.infer<typeof questionOrderSchema>;

/** What it has found, or why it has not. */
export const questionReportSchema = z.union([
  z.strictObject({ number: z.number(), finding: z.enum(['registry', 'none', 'unspoken', 'unsaid']) }),
  z.strictObject({ number: z.number(), failure: z.string() }),
]);
export type QuestionReport = z.infer<typeof questionReportSchema>;
