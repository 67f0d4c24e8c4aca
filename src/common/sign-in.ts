import { z } from 'zod';
import { fromGuest, wireErrorSchema } from './errors/wire-error.js';

/** What the health document says of signing in; null where the policy asks nobody to. */
export const signInStateSchema = z.strictObject({
  issuer: z.string(),
  /** A member of any of these may use the engine. */
  organizations: z.array(z.string()),
  /** Who is signed in; null when nobody is, or the membership has expired. */
  member: z
    .strictObject({
      subject: z.string(),
      /** Those of them that count. */
      organizations: z.array(z.string()),
      /** ISO 8601. */
      until: z.string(),
    })
    .nullable(),
});

export type SignInState = z.infer<typeof signInStateSchema>;

/** Bytes of JSON a question may have: an identity token with many groups is some 10 KB. */
export const largestSignInQuestion = 64 * 1024;

/** `POST /sign-in`: first what to ask the provider for, then the token it gave. */
export const signInQuestionSchema = z.union([
  z.strictObject({ begin: z.literal(true) }),
  z.strictObject({ idToken: z.string().min(1).max(60_000) }),
]);

export type SignInQuestion = z.infer<typeof signInQuestionSchema>;

const beginSchema = z.strictObject({
  kind: z.literal('begin'),
  issuer: z.string(),
  clientId: z.string(),
  scopes: z.array(z.string()),
  organizations: z.array(z.string()),
  /** To be passed to the provider, which puts it in the token if it can. */
  nonce: z.string(),
});

const stateSchema = z.strictObject({ kind: z.literal('state'), state: signInStateSchema });

export const signInAnswerSchema = z.discriminatedUnion('kind', [
  beginSchema,
  stateSchema,
  z.strictObject({ kind: z.literal('error'), ...wireErrorSchema.shape }),
]);

export type SignInBegin = z.infer<typeof beginSchema>;
export type SignInAnswer = z.infer<typeof signInAnswerSchema>;

/** Throws the error the daemon answered, or a ZodError when it answered something else: the guest is not trusted. */
export function parseSignInBegin(document: unknown): SignInBegin {
  return beginSchema.parse(withoutError(document));
}

/** Throws likewise. */
export function parseSignInState(document: unknown): SignInState {
  return stateSchema.parse(withoutError(document)).state;
}

function withoutError(document: unknown): SignInAnswer {
  const answer = signInAnswerSchema.parse(document);
  if (answer.kind === 'error') throw fromGuest(answer);
  return answer;
}
