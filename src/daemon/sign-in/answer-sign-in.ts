import { BulkheadError, isBulkheadError } from '../../common/errors/bulkhead-error.js';
import { toWire } from '../../common/errors/wire-error.js';
import { type SignInAnswer, signInQuestionSchema } from '../../common/sign-in.js';
import type { SignIn } from './sign-in.js';

/** Answers `POST /sign-in`; what went wrong is an answer, too. The question is never logged: it may hold a token. */
export function answerSignIn(signIn: SignIn | undefined, question: unknown): Promise<SignInAnswer> {
  return answered(signIn, async (signIn) => {
    const asked = signInQuestionSchema.safeParse(question);
    if (!asked.success) throw new Error('a question about signing in that nobody knows');
    if ('begin' in asked.data) return signIn.begin();
    await signIn.signIn(asked.data.idToken);
    return { kind: 'state', state: signIn.state };
  });
}

/** Answers `POST /sign-out`. */
export function answerSignOut(signIn: SignIn | undefined): Promise<SignInAnswer> {
  return answered(signIn, (signIn) => {
    signIn.signOut();
    return Promise.resolve({ kind: 'state', state: signIn.state });
  });
}

async function answered(
  signIn: SignIn | undefined,
  answer: (signIn: SignIn) => Promise<SignInAnswer>,
): Promise<SignInAnswer> {
  try {
    if (signIn === undefined) throw new BulkheadError('BH_SIGN_IN_NOT_NEEDED');
    return await answer(signIn);
  } catch (error) {
    if (!isBulkheadError(error)) throw error;
    return { kind: 'error', ...toWire(error) };
  }
}
