import { randomBytes } from 'node:crypto';
import { messageOf } from '../../common/cause.js';
import type { Clock } from '../../common/clock.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { Logger } from '../../common/log.js';
import type { SignInBegin, SignInState } from '../../common/sign-in.js';
import type { Member, MembershipStore } from './membership-store.js';
import type { SignInRequirement } from './requirement.js';
import type { TrustedTime } from './trusted-time.js';
import type { TokenCheck } from './verify-token.js';

export interface SignInParts {
  readonly requirement: SignInRequirement;
  readonly store: MembershipStore;
  readonly time: TrustedTime;
  readonly verify: (token: string, check: Pick<TokenCheck, 'now' | 'useNonce'>) => Promise<Member>;
  readonly log: Logger;
}

/** A device code lives half an hour at most with the providers there are. */
const nonceMs = 30 * 60_000;
/** More sign-ins than this at once are not a person's: the oldest is forgotten. */
const mostNonces = 16;

/** Who is signed in. What runs is never touched by it: it decides about new requests alone. */
export class SignIn {
  readonly requirement: SignInRequirement;
  readonly #parts: SignInParts;
  readonly #nonces = new Map<string, number>();
  #member: Member | undefined;

  /** @param member who was signed in before a restart. */
  constructor(parts: SignInParts, member: Member | undefined) {
    this.requirement = parts.requirement;
    this.#parts = parts;
    this.#member = member;
  }

  /** Who is signed in now; undefined once the membership has expired. */
  get member(): (Member & { readonly until: number }) | undefined {
    if (this.#member === undefined) return undefined;
    const until = this.#member.since + this.requirement.holdsMs;
    return this.#parts.time.now() < until ? { ...this.#member, until } : undefined;
  }

  get state(): SignInState {
    const { issuer, organizations } = this.requirement;
    const { member } = this;
    return {
      issuer,
      organizations: [...organizations],
      member:
        member === undefined
          ? null
          : {
              subject: member.subject,
              organizations: member.organizations,
              until: new Date(member.until).toISOString(),
            },
    };
  }

  /** What the host asks the provider for. */
  begin(): SignInBegin {
    const { issuer, clientId, scopes, organizations } = this.requirement;
    const nonce = randomBytes(24).toString('base64url');
    const [oldest] = this.#nonces.keys();
    if (oldest !== undefined && this.#nonces.size >= mostNonces) this.#nonces.delete(oldest);
    this.#nonces.set(nonce, this.#parts.time.now() + nonceMs);
    return { kind: 'begin', issuer, clientId, scopes: [...scopes], organizations: [...organizations], nonce };
  }

  /**
   * Signs in whom the token is about. Nothing changes when it rejects.
   * Rejects with BH_SIGN_IN_TOKEN, BH_SIGN_IN_NOT_MEMBER, BH_SIGN_IN_KEYS, BH_SIGN_IN_CLOCK or BH_SIGN_IN_NOT_KEPT.
   */
  async signIn(token: string): Promise<void> {
    const { time, store, verify, log } = this.#parts;
    const seen = time.behind();
    if (seen !== undefined) {
      const [now, past] = [new Date(), new Date(seen)].map((date) => date.toISOString());
      throw new BulkheadError('BH_SIGN_IN_CLOCK', { now: now ?? '', seen: past ?? '' });
    }
    const now = time.now();
    const useNonce = (nonce: string): boolean => {
      const until = this.#nonces.get(nonce) ?? 0;
      this.#nonces.delete(nonce);
      return time.now() < until;
    };
    const member = await verify(token, { now, useNonce });
    inWords(() => {
      store.save({ member, seen: now });
    });
    this.#member = member;
    log.info({ audit: 'sign-in', subject: member.subject, organizations: member.organizations }, 'signed in');
  }

  /** Takes effect even if it throws, but then only until a restart: BH_SIGN_IN_NOT_KEPT. */
  signOut(): void {
    const { time, store, log } = this.#parts;
    const subject = this.#member?.subject;
    this.#member = undefined;
    inWords(() => {
      store.clear(time.now());
    });
    log.info({ audit: 'sign-out', subject }, 'signed out');
  }

  /** Keeps the time, so that a restart with the clock set back does not take it back. Never ends. */
  async keepTime(clock: Clock): Promise<never> {
    for (;;) {
      try {
        this.#parts.store.save({ member: this.#member, seen: this.#parts.time.now() });
      } catch (error) {
        this.#parts.log.warn({ err: error }, 'the time could not be kept');
      }
      await clock.sleep(keepEveryMs);
    }
  }
}

const keepEveryMs = 10 * 60_000;

function inWords(write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new BulkheadError('BH_SIGN_IN_NOT_KEPT', { reason: messageOf(error) });
  }
}
