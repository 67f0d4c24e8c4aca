import { z } from 'zod';
import { fromGuest, wireErrorSchema } from './errors/wire-error.js';

/** What is asked through the control channel: a container by name or id, or the body of a request to create one. */
export const explainQuestionSchema = z.union([
  z.strictObject({ container: z.string().min(1).max(255) }),
  z.strictObject({ create: z.string(), platform: z.string().optional() }),
]);

export type ExplainQuestion = z.infer<typeof explainQuestionSchema>;

const explanationSchema = z.strictObject({
  kind: z.literal('explanation'),
  /**
   * `isolated`: every rule lets it be made, with the changes. `refused`: it is not made. `engine-refused`: the engine
   * itself says no before any rule is asked, so nothing is known about the rules.
   */
  verdict: z.enum(['isolated', 'refused', 'engine-refused']),
  /** The first is what `docker run` shows. */
  refusals: z.array(z.strictObject({ rule: z.string(), code: z.string(), message: z.string() })),
  changes: z.array(
    z.strictObject({
      rule: z.string(),
      what: z.string(),
      before: z.unknown().optional(),
      after: z.unknown().optional(),
      why: z.string(),
    }),
  ),
  /** Plain sentences: what the engine said, and what is only known once a container starts. */
  notes: z.array(z.string()),
});

export type ContainerExplanation = z.infer<typeof explanationSchema>;

export const explainAnswerSchema = z.discriminatedUnion('kind', [
  explanationSchema,
  z.strictObject({ kind: z.literal('error'), ...wireErrorSchema.shape }),
]);

export type ExplainAnswer = z.infer<typeof explainAnswerSchema>;

/** Throws the error the daemon answered, or a ZodError when it answered something else: the guest is not trusted. */
export function parseExplanation(document: unknown): ContainerExplanation {
  const answer = explainAnswerSchema.parse(document);
  if (answer.kind === 'error') throw fromGuest(answer);
  return answer;
}
