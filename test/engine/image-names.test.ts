import { beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { canonicalImage, imageText } from '../../dist/egress/index.js';
import { references } from '../../src/egress/names/references.test-support.ts';
import { probe } from '../support/docker.ts';
import { type ApiAnswer, callEngine } from '../support/engine-api.ts';
import { engineInternals } from '../support/engine-internals.ts';

const imageSchema = z.looseObject({ RepoTags: z.array(z.string()) });

/**
 * dockerd itself is asked for each name of the table, by giving the probe image that name: nothing is pulled. What the rules call by one name and dockerd by another would be
 * decided as the one and pulled as the other.
 */
describe('the names of images', () => {
  let dockerd: string;
  beforeAll(async () => {
    dockerd = (await engineInternals(inject('enginePid'))).rawSocket;
  });

  const give = async (name: string): Promise<ApiAnswer> =>
    callEngine(dockerd, {
      method: 'POST',
      path: `/images/${encodeURIComponent(probe)}/tag?repo=${encodeURIComponent(name)}`,
    });

  async function names(): Promise<string[]> {
    const { text } = await callEngine(dockerd, {
      method: 'GET',
      path: `/images/${encodeURIComponent(probe)}/json`,
    });
    return imageSchema.parse(JSON.parse(text)).RepoTags;
  }

  test('are taken by dockerd where the table says so, and by no others', async () => {
    const wrong: string[] = [];
    for (const [written, canonical, takes] of references) {
      // Without a name the request is for the tag alone.
      if (written === '') continue;
      const { status, text } = await give(written);
      const taken = status === 201 || text.includes('digest reference');
      if (status === 201) await forget();
      if (taken !== (canonical !== undefined || takes === 'takes'))
        wrong.push(`${written}: ${status} ${text}`);
    }
    expect(wrong).toEqual([]);
  }, 120_000);

  test('are those dockerd gives them', async () => {
    const wrong: string[] = [];
    for (const [written, canonical] of references) {
      if (canonical === undefined || canonical.includes('@')) continue;
      await give(written);
      const [name = ''] = await others();
      await forget();
      const image = canonicalImage(name);
      if (image === undefined || imageText(image) !== canonical)
        wrong.push(`${written}: ${name}, not ${canonical}`);
    }
    expect(wrong).toEqual([]);
  }, 120_000);

  async function others(): Promise<string[]> {
    return (await names()).filter((name) => !name.startsWith(probe));
  }

  async function forget(): Promise<void> {
    for (const name of await others())
      await callEngine(dockerd, { method: 'DELETE', path: `/images/${encodeURIComponent(name)}?noprune=1` });
  }
});
