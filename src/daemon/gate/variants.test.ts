import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { readAll } from '../../channel/test-support/streams.js';
import type { GatePolicy } from '../../gate/policy.js';
import { withoutVersion } from '../../gate/engine-path.js';
import { readWhole } from '../../gate/http/read-whole.test-support.js';
import { type EngineJson, foldKey, readEngineJson } from '../../gate/engine-json.js';
import { variantsOf } from '../../gate/variants/all.test-support.js';
import { bases, policyBases } from '../../gate/variants/bases.test-support.js';
import { asObject } from '../../gate/fields.js';
import { codeOf, type Draft, write } from '../../gate/variants/draft.test-support.js';
import { noHooks, startGate } from './engine-double.test-support.js';

const strict: GatePolicy = { ...noHooks.policy, allowPrivileged: false };
const everyBase = [...bases, ...policyBases];

/** What the client is told, or what the engine got, whichever is there first. */
async function outcomeOf(bytes: Buffer, policy: GatePolicy): Promise<{ told: string } | { got: Buffer }> {
  const { near, engine, received } = await startGate({ policy });
  near.write(bytes);
  const got = new Promise<{ got: Buffer }>((resolve, reject) => {
    engine.then((socket) => {
      const look = (): void => {
        const text = Buffer.from(received(), 'latin1');
        if (readWhole(text) !== undefined) resolve({ got: text });
      };
      socket.on('data', look);
      look();
    }, reject);
  });
  return Promise.race([got, readAll(near).then((told) => ({ told: String(told) }))]);
}

/** What the engine is asked for, without what a variation adds beside it. */
function meaningOf(outcome: { told: string } | { got: Buffer }, { query, body }: Draft): unknown {
  if ('told' in outcome) return outcome;
  const whole = readWhole(outcome.got);
  if (whole === undefined) throw new Error('not one whole request');
  const { request, content } = whole;
  const asked = new URLSearchParams(request.query).getAll(
    new URLSearchParams(query).keys().next().value ?? '',
  );
  return {
    method: request.method,
    path: withoutVersion(request.path),
    asked: new Set(asked),
    body: body === undefined ? String(content) : without(readEngineJson(String(content)).folded, body),
  };
}

function without(value: EngineJson, plain: string): unknown {
  const known = new Set([
    'hostconfig',
    ...Object.keys(z.looseObject({}).parse(JSON.parse(plain))).map(foldKey),
  ]);
  return [...asObject(value, 'the body')]
    .filter(([key]) => known.has(key))
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
}

test('the table is of a size, and no two of it have one name', () => {
  const all = variantsOf(everyBase);
  expect(all.length).toBeGreaterThanOrEqual(300);
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
});

describe.each(everyBase)('$name', (base) => {
  const variants = variantsOf([base]);

  test('in no spelling gets to the engine, and is refused for what it is', { timeout: 60_000 }, async () => {
    const wrong: unknown[] = [];
    for (const { name, variation } of variants) {
      const outcome = await outcomeOf(variation.write(base.refused), strict);
      if ('got' in outcome || !codeOf(variation.outcome, base.code).test(outcome.told))
        wrong.push([name, outcome]);
    }
    expect(wrong).toEqual([]);
  });

  test('is served where the rule is off, in whichever spelling', { timeout: 60_000 }, async () => {
    const draft = base.off === undefined ? base.passes : base.refused;
    const policy = { ...strict, ...base.off };
    const plain = await outcomeOf(write(draft), policy);
    expect(plain).toHaveProperty('got');
    for (const { name, variation } of variants) {
      if (variation.outcome !== 'same') continue;
      const spelt = await outcomeOf(variation.write(draft), policy);
      expect([name, meaningOf(spelt, draft)]).toEqual([name, meaningOf(plain, draft)]);
    }
  });
});
