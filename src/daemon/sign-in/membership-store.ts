import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { orNothing } from '../../common/cause.js';
import { replaceDurably } from '../../common/durable-file.js';
import type { SignInRequirement } from './requirement.js';

const memberSchema = z.strictObject({
  subject: z.string(),
  /** Those the policy allows. */
  organizations: z.array(z.string()).min(1),
  /** When the membership was shown; milliseconds since 1970. */
  since: z.number(),
});

/** Who is signed in. */
export type Member = z.infer<typeof memberSchema>;

const recordSchema = z.strictObject({
  binding: z.string(),
  member: memberSchema.nullable(),
  /** Highest time there was; milliseconds since 1970. */
  seen: z.number(),
});

const sealedSchema = z.strictObject({ record: z.string(), mac: z.string() });

export interface Kept {
  readonly member: Member | undefined;
  readonly seen: number;
}

export interface MembershipStoreOptions {
  /** On the data disk; made when absent, nothing else is in it. */
  readonly directory: string;
  readonly requirement: SignInRequirement;
}

const keyBytes = 32;

/**
 * Keeps the membership across restarts, and no token. Threats: the record is made or altered by whoever can write files but not read the key,
 * and one that was made under another policy is taken to be under this. The key never leaves its directory (0700) on the data disk.
 *
 * Whoever reads and writes the whole data disk while nothing runs, as the owner of the host can, has the key as well: only hardware could keep
 * it from them, and what they get is to use an engine that isolates as before.
 */
export class MembershipStore {
  readonly #directory: string;
  readonly #binding: string;

  constructor({ directory, requirement }: MembershipStoreOptions) {
    const { issuer, clientId, organizationsClaim, organizations } = requirement;
    this.#directory = directory;
    this.#binding = createHash('sha256')
      .update(JSON.stringify([issuer, clientId, organizationsClaim, organizations]))
      .digest('hex');
  }

  /** What was kept. A record that is not there, not whole or not sealed with the key says nothing; one of another policy, the time alone. Never throws. */
  load(): Kept {
    const nothing = { member: undefined, seen: 0 };
    try {
      const sealed = sealedSchema.parse(JSON.parse(readFileSync(this.#path('membership.json'), 'utf8')));
      const mac = Buffer.from(sealed.mac, 'hex');
      const expected = macOf(sealed.record, this.#key());
      if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) return nothing;
      const { binding, member, seen } = recordSchema.parse(JSON.parse(sealed.record));
      return { member: binding === this.#binding ? (member ?? undefined) : undefined, seen };
    } catch {
      return nothing;
    }
  }

  /** Whole or not at all. Throws what the file system says. */
  save({ member, seen }: Kept): void {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const key = orNothing(() => this.#key()) ?? this.#makeKey();
    const record = JSON.stringify({ binding: this.#binding, member: member ?? null, seen });
    const mac = macOf(record, key).toString('hex');
    replaceDurably(this.#path('membership.json'), JSON.stringify({ record, mac }));
  }

  /** Nobody is signed in any more, on a full disk either. Throws what the file system says when the record cannot even be removed. */
  clear(seen: number): void {
    try {
      this.save({ member: undefined, seen });
    } catch {
      rmSync(this.#path('membership.json'), { force: true });
    }
  }

  #key(): Buffer {
    const key = Buffer.from(readFileSync(this.#path('key'), 'utf8'), 'hex');
    if (key.length !== keyBytes) throw new Error('the key is not whole');
    return key;
  }

  #makeKey(): Buffer {
    const key = randomBytes(keyBytes);
    replaceDurably(this.#path('key'), key.toString('hex'));
    return key;
  }

  #path(name: string): string {
    return `${this.#directory}/${name}`;
  }
}

function macOf(record: string, key: Buffer): Buffer {
  return createHmac('sha256', key).update('bulkhead-membership/1\0').update(record).digest();
}
