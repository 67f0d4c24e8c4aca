import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { PulledFacts } from '../../common/pulled-image.js';
import { PullWatch } from './pull-watch.js';

const sha = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const [lower, upper] = [sha('lower'), sha('upper')];
const config = JSON.stringify({ rootfs: { type: 'layers', diff_ids: [lower, upper] } });
const image = { id: sha(config), layers: [lower, upper] };
const repository = 'ghcr.io/acme/tool';
const [manifest, index] = [sha('manifest'), sha('index')];
const ofManifest = { digest: manifest, config: sha(config), contents: [sha(config), sha('blob')] };
const ofIndex = { digest: index, config: undefined, contents: [manifest, sha('of another platform')] };

function watched(): { readonly watch: PullWatch; readonly told: PulledFacts[] } {
  const told: PulledFacts[] = [];
  return { told, watch: new PullWatch(async (pulled) => Promise.resolve(void told.push(pulled))) };
}

test('an image that is asked for as BuildKit does has the tag it was asked for, and the digests on the way', async () => {
  const { watch, told } = watched();
  await watch.named({ repository, tag: 'v1' }, index);
  await watch.manifest({ image: { repository, digest: index }, ...ofIndex });
  await watch.manifest({ image: { repository, digest: manifest }, ...ofManifest });
  told.splice(0);
  expect([watch.awaits(sha(config)), watch.awaits(undefined)]).toEqual([true, true]);
  await watch.contents(Buffer.from(config));
  expect(told).toEqual([
    {
      names: [
        { repository, tag: 'v1', digest: index },
        { repository, digest: index },
        { repository, digest: manifest },
      ],
      image,
    },
  ]);
  expect([watch.awaits(sha(config)), watch.awaits(undefined)]).toEqual([false, false]);
});

test('a name that leads to an image that is known is told at once, with what is known', async () => {
  const { watch, told } = watched();
  await watch.manifest({ image: { repository, tag: 'v1' }, ...ofManifest });
  await watch.contents(Buffer.from(config));
  told.splice(0);
  await watch.named({ repository, tag: 'v2' }, manifest);
  const names = ['v1', 'v2'].map((tag) => ({ repository, tag, digest: manifest }));
  expect(told.splice(0)).toEqual([{ names, image }]);
  await watch.manifest({ image: { repository: 'quay.io/acme/tool', tag: 'v1' }, ...ofIndex });
  expect(told[0]).toMatchObject({
    image,
    names: [{}, {}, { repository: 'quay.io/acme/tool', digest: index }],
  });
});

test('a name of what has not been seen is told without an image', async () => {
  const { watch, told } = watched();
  await watch.named({ repository, tag: 'v1' }, manifest);
  expect(told).toEqual([{ names: [{ repository, tag: 'v1', digest: manifest }] }]);
});

test('contents nobody waits for, and such as say no layers, are of no image', async () => {
  const { watch, told } = watched();
  const artifact = '{"rootfs":{"diff_ids":["none"]}}';
  await watch.contents(Buffer.from(config));
  await watch.manifest({ image: { repository, tag: 'v1' }, ...ofManifest, config: sha(artifact) });
  told.splice(0);
  await watch.contents(Buffer.from(config));
  await watch.contents(Buffer.from(artifact));
  expect([told, watch.awaits(undefined)]).toEqual([[], false]);
});

test('a registry that names without end costs so much and no more, and what comes then is known', async () => {
  const { watch, told } = watched();
  for (let at = 0; at < 5000; at += 1)
    await watch.manifest({
      image: { repository, tag: `t${at}` },
      digest: sha(`manifest ${at}`),
      config: sha(`config ${at}`),
      contents: [],
    });
  for (let at = 0; at < 100; at += 1) await watch.named({ repository, tag: `v${at}` }, manifest);
  expect(watch.awaits(sha('config 0'))).toBe(false);
  await watch.manifest({ image: { repository, tag: 'last' }, ...ofManifest });
  told.splice(0);
  await watch.contents(Buffer.from(config));
  expect(told[0]?.names).toHaveLength(20);
  expect(told[0]?.names.at(-1)).toEqual({ repository, tag: 'last', digest: manifest });
});
