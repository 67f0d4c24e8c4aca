import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { operationTable } from '../../gate/operation-table.js';
import { operationOf } from '../../gate/operations.js';
import { answerSignIn, answerSignOut } from './answer-sign-in.js';
import { MembershipStore } from './membership-store.js';
import { SignIn } from './sign-in.js';
import { createSignInJudge } from './sign-in-judge.js';
import { createIssuer, present, requirementWith } from './sign-in.test-support.js';
import { createTrustedTime } from './trusted-time.js';
import { verifyToken } from './verify-token.js';

const day = 86_400_000;
const provider = await createIssuer();
let directory = '';
let logged: string[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-sign-in-'));
  logged = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A daemon that starts at this time, on the same disk as the last. */
function start(
  at = present,
  settings: Parameters<typeof requirementWith>[0] = {},
  organizations?: readonly string[],
) {
  const clock = { at, counted: 0 };
  const asked = requirementWith(settings);
  const requirement = organizations === undefined ? asked : { ...asked, organizations };
  const store = new MembershipStore({ directory, requirement });
  const { member, seen } = store.load();
  const time = createTrustedTime(seen, { wall: () => clock.at, monotonic: () => clock.counted });
  const keys = () => Promise.resolve({ keys: [provider.jwk] });
  const log = pino({}, { write: (line: string) => void logged.push(line) });
  const signIn = new SignIn(
    {
      requirement,
      store,
      time,
      verify: (token, check) => verifyToken(token, { ...check, requirement, keys }),
      log,
    },
    member,
  );
  return { signIn, clock };
}

const tokenAt = (at: number, claims: Parameters<typeof provider.sign>[0] = {}) =>
  provider.sign({ iat: at / 1000, exp: at / 1000 + 3600, ...claims });

describe('a member', () => {
  test('is in until the days are over, by the daemon that is started anew as well', async () => {
    const { signIn, clock } = start();
    expect(signIn.state.member).toBeNull();
    await signIn.signIn(await tokenAt(present));
    const until = new Date(present + 7 * day).toISOString();
    expect(signIn.state).toMatchObject({
      organizations: ['acme'],
      member: { subject: 'ada', organizations: ['acme'], until },
    });
    clock.at += 7 * day - 1;
    expect(signIn.member).toBeDefined();
    expect(start(present + 7 * day - 1).signIn.member).toBeDefined();
    clock.at += 1;
    expect(signIn.member).toBeUndefined();
    expect(start(present + 7 * day).signIn.member).toBeUndefined();
  });

  test('is out at once when a policy has shorter days', async () => {
    await start().signIn.signIn(await tokenAt(present));
    expect(start(present + 2 * day, { offlineDays: 2 }).signIn.member).toBeUndefined();
    expect(start(present + 2 * day, { offlineDays: 3 }).signIn.member).toBeDefined();
  });

  test('stays in when somebody else fails, and is out for good after signing out', async () => {
    const { signIn } = start();
    await signIn.signIn(await tokenAt(present));
    await expect(signIn.signIn(await tokenAt(present, { sub: 'eve', groups: [] }))).rejects.toThrow(
      'You must be a member',
    );
    expect(signIn.state.member?.subject).toBe('ada');
    signIn.signOut();
    expect(signIn.state.member).toBeNull();
    expect(start().signIn.state.member).toBeNull();
  });

  test('is out after signing out even where nothing can be written', async () => {
    const { signIn } = start();
    await signIn.signIn(await tokenAt(present));
    rmSync(directory, { recursive: true });
    writeFileSync(directory, 'a file in its place');
    expect(() => signIn.signOut()).toThrow(expect.objectContaining({ code: 'BH_SIGN_IN_NOT_KEPT' }));
    expect(signIn.member).toBeUndefined();
    await expect(signIn.signIn(await tokenAt(present))).rejects.toMatchObject({
      code: 'BH_SIGN_IN_NOT_KEPT',
    });
    expect(signIn.member).toBeUndefined();
  });
});

describe('a clock that is set back', () => {
  test('makes no membership longer, while it runs or by a restart', async () => {
    const { signIn, clock } = start();
    await signIn.signIn(await tokenAt(present));
    clock.at += 5 * day;
    expect(signIn.member).toBeDefined();
    clock.at = present;
    clock.counted += 2 * day;
    expect(signIn.member).toBeUndefined();
    signIn.signOut();
    const later = start(present);
    await expect(later.signIn.signIn(await tokenAt(present))).rejects.toMatchObject({
      code: 'BH_SIGN_IN_CLOCK',
    });
  });

  test('set right, it is of no matter', async () => {
    const { signIn, clock } = start();
    clock.at += day;
    signIn.signOut();
    const later = start(present + day);
    await later.signIn.signIn(await tokenAt(present + day));
    expect(later.signIn.member).toBeDefined();
  });
});

describe('the nonce', () => {
  test('is good once, for half an hour, and sixteen of them at once', async () => {
    const demanding = { requireNonce: true };
    const { signIn, clock } = start(present, demanding);
    const { nonce, scopes } = signIn.begin();
    expect(scopes).toEqual(['openid']);
    const token = await tokenAt(present, { nonce });
    await signIn.signIn(token);
    await expect(signIn.signIn(token)).rejects.toThrow('nonce');
    const late = signIn.begin().nonce;
    clock.at += 31 * 60_000;
    await expect(signIn.signIn(await tokenAt(clock.at, { nonce: late }))).rejects.toThrow('nonce');
    const oldest = signIn.begin().nonce;
    for (let more = 0; more < 16; more += 1) signIn.begin();
    await expect(signIn.signIn(await tokenAt(clock.at, { nonce: oldest }))).rejects.toThrow('nonce');
  });
});

test('neither log nor disk gets a token', async () => {
  const { signIn } = start();
  const token = await tokenAt(present, { sub: 'ada' });
  await signIn.signIn(token);
  await signIn.signIn(await tokenAt(present, { sub: 'eve', groups: [] })).catch(() => undefined);
  await answerSignIn(signIn, { idToken: `${token}x` });
  signIn.signOut();
  const kept = readFileSync(join(directory, 'membership.json'), 'utf8') + logged.join('');
  for (const part of token.split('.')) expect(kept).not.toContain(part);
  expect(logged.map((line): unknown => JSON.parse(line))).toMatchObject([
    { audit: 'sign-in', subject: 'ada', organizations: ['acme'] },
    { audit: 'sign-out', subject: 'ada' },
  ]);
});

describe('what the control channel answers', () => {
  test('first what to ask for, then who is in', async () => {
    const { signIn } = start();
    expect(await answerSignIn(signIn, { begin: true })).toMatchObject({
      kind: 'begin',
      clientId: 'bulkhead',
    });
    const answer = await answerSignIn(signIn, { idToken: await tokenAt(present) });
    expect(answer).toMatchObject({ kind: 'state', state: { member: { subject: 'ada' } } });
    expect(await answerSignOut(signIn)).toMatchObject({ kind: 'state', state: { member: null } });
  });

  test('refusals by code', async () => {
    const { signIn } = start();
    expect(await answerSignIn(signIn, { idToken: 'x' })).toMatchObject({
      kind: 'error',
      code: 'BH_SIGN_IN_TOKEN',
    });
    expect(await answerSignIn(undefined, { begin: true })).toMatchObject({ code: 'BH_SIGN_IN_NOT_NEEDED' });
    expect(await answerSignOut(undefined)).toMatchObject({ code: 'BH_SIGN_IN_NOT_NEEDED' });
  });

  test.each([undefined, null, {}, { begin: false }, { idToken: '' }, { begin: true, idToken: 'x' }, 'x'])(
    'a question nobody knows is not answered: %j',
    async (question) => {
      await expect(answerSignIn(start().signIn, question)).rejects.toThrow('that nobody knows');
    },
  );
});

describe('the judge', () => {
  const refusal = (signIn: SignIn | undefined, method: string, path: string): unknown => {
    try {
      createSignInJudge(signIn)({ operation: operationOf(method, path) });
      return undefined;
    } catch (error) {
      return error;
    }
  };

  test('lets everybody look whether there is an engine, and nobody do more', async () => {
    const { signIn } = start(present, { allowedOrgs: ['acme', 'other'] });
    const judge = createSignInJudge(signIn);
    const served = operationTable
      .map(([id]) => id)
      .filter((id) => {
        try {
          judge({ operation: { id } });
          return true;
        } catch {
          return false;
        }
      });
    expect(served.sort()).toEqual(['SystemInfo', 'SystemPing', 'SystemPingHead', 'SystemVersion']);
    expect(String(refusal(signIn, 'GET', '/events'))).toMatch(
      /Sign in to continue using .*Membership in the \[acme, other\] organization is required\. Sign in enforced by your administrators \(via admin-settings\.json\)\..*bulkhead sign-in/,
    );
    await signIn.signIn(await tokenAt(present));
    expect(refusal(signIn, 'GET', '/containers/json')).toBeUndefined();
  });

  test('says so where nobody could be a member', () => {
    const { signIn } = start(present, {}, []);
    expect(String(refusal(signIn, 'GET', '/events'))).toContain('Membership in the [none] organization');
  });

  test('has nothing to say where the policy asks nobody to sign in', () => {
    expect(refusal(undefined, 'GET', '/containers/json')).toBeUndefined();
  });
});
