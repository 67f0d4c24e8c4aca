import type { Clock } from '../../common/clock.js';
import type { Logger } from '../../common/log.js';
import { ownPort } from '../own-port.js';
import { documentFetcher } from './https-document.js';
import { MembershipStore } from './membership-store.js';
import { createProviderKeys } from './provider-keys.js';
import type { SignInRequirement } from './requirement.js';
import { SignIn, type SignInParts } from './sign-in.js';
import { createTrustedTime } from './trusted-time.js';
import { verifyToken } from './verify-token.js';

/** On the data disk, outside the engine's directories, so that neither containers nor the engine can write it. */
export const signInDirectory = '/var/lib/bulkhead-data/bulkhead/sign-in';

export interface SignInOptions {
  /** On the data disk; made when somebody signs in. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Signing in as the policy asks for it, with whoever was signed in before this daemon started; undefined where it does not. */
export function openSignIn(
  requirement: SignInRequirement | undefined,
  { directory, clock, log }: SignInOptions,
): SignIn | undefined {
  if (requirement === undefined) return undefined;
  const store = new MembershipStore({ directory, requirement });
  const { member, seen } = store.load();
  const time = createTrustedTime(seen, { wall: () => Date.now(), monotonic: () => clock.now() });
  const keys = createProviderKeys(requirement, {
    fetchDocument: documentFetcher(ownPort),
    now: () => clock.now(),
  });
  const verify: SignInParts['verify'] = (token, check) => verifyToken(token, { ...check, requirement, keys });
  const signIn = new SignIn({ requirement, store, time, verify, log }, member);
  void signIn.keepTime(clock);
  return signIn;
}
