import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Variant, variantsOf } from '../../src/gate/variants/all.test-support.ts';
import { type Base, bases } from '../../src/gate/variants/bases.test-support.ts';
import { codeOf, type Draft, write } from '../../src/gate/variants/draft.test-support.ts';
import { createDocker } from '../support/docker.ts';
import { engineInternals } from '../support/engine-internals.ts';
import { talk } from '../support/raw-http.ts';

const docker = createDocker(inject('dockerHost'));
const gate = docker.socket;

/** Not one after the other, so that waiting for the engine is not what takes the time. */
const atOnce = 6;

async function eachOf<Item>(items: readonly Item[], act: (item: Item) => Promise<void>): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const item of left) await act(item);
    }),
  );
}

/** A status that is not 100: the rest of such an answer may be long in coming. */
const answered = /HTTP\/1\.1 (?!100)(\d{3}) /;
const statusOf = (text: string): number => Number(answered.exec(text)?.[1] ?? 0);

/** The table of `src/gate/variants`, by a client that sends what it likes, to the real dockerd. */
describe.each(bases)('$name', (base: Base) => {
  const variants = variantsOf([base]);
  const same = variants.filter(({ variation }) => variation.outcome === 'same');
  let dockerd: string;
  beforeAll(async () => {
    dockerd = (await engineInternals(inject('enginePid'))).rawSocket;
  });
  afterAll(async () => {
    await docker.run(['volume', 'rm', '-f', 'request-variants']);
  });
  const expected = ({ variation }: Variant, status: number): number =>
    variation.notOfDockerd ? 403 : status;

  test('is refused for what it is in whichever spelling', { timeout: 120_000 }, async () => {
    const wrong: unknown[] = [];
    await eachOf(variants, async ({ name, variation }) => {
      const answer = await talk(gate, [variation.write(base.refused)]);
      if (!codeOf(variation.outcome, base.code).test(answer)) wrong.push([name, answer]);
    });
    expect(wrong).toEqual([]);
  });

  const statuses = async (socket: string, draft: Draft): Promise<unknown[]> => {
    const wrong: unknown[] = [];
    await eachOf(same, async (variant) => {
      const answer = await talk(socket, [variant.variation.write(draft)], answered);
      if (statusOf(answer) !== expected(variant, base.status)) wrong.push([variant.name, answer]);
    });
    return wrong;
  };

  test(
    'is served without what is refused, in every spelling of it, as dockerd itself serves it',
    { timeout: 120_000 },
    async () => {
      expect(statusOf(await talk(gate, [write(base.passes)], answered))).toBe(base.status);
      expect(await statuses(gate, base.passes)).toEqual([]);
      expect(await statuses(dockerd, base.passes)).toEqual([]);
    },
  );

  test('is refused behind the gate as well, where dockerd asks', { timeout: 120_000 }, async () => {
    const wrong: unknown[] = [];
    await eachOf(same, async ({ name, variation }) => {
      const answer = await talk(dockerd, [variation.write(base.refused)], answered);
      if (statusOf(answer) !== 403) wrong.push([name, answer]);
    });
    expect(wrong).toEqual([]);
  });
});
