import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../../channel/test-support/streams.js';
import { cacheIdOf, digestOf, type Written, writeDockerdFiles } from './dockerd-files.test-support.js';
import { type ImageRecords, readImageRecords } from './image-records.js';
import { chainsOf } from './layer-chain.js';

const [a, b, c] = [digestOf('a'), digestOf('b'), digestOf('c')];
const image = digestOf('1');
const container = 'f'.repeat(64);
const hex = (text: string): string => Buffer.from(text).toString('hex');

async function records(written: Written): Promise<ImageRecords> {
  const dataRoot = await temporaryDirectory();
  writeDockerdFiles(dataRoot, written);
  return readImageRecords(dataRoot);
}

describe('what dockerd wrote down', () => {
  test('of names is those with a digest, which docker tag does not give', async () => {
    const names = ['nginx:1', `nginx@${a}`, `GHCR.io/acme/x@${b}`, 'forged:1'];
    const found = await records({
      images: [
        { id: image, layers: [], names },
        { id: digestOf('2'), layers: [], names: [`other@${c}`] },
      ],
    });
    expect(found.namesOf(image)).toEqual([
      { repository: 'docker.io/library/nginx', digest: a },
      { repository: 'ghcr.io/acme/x', digest: b },
    ]);
    expect(found.namesOf(digestOf('3'))).toEqual([]);
    expect(found.idOf('ghcr.io/acme/x', b)).toBe(image);
    expect(found.idOf('ghcr.io/acme/x', a)).toBeUndefined();
    expect(found.idOf('docker.io/library/nginx', c)).toBeUndefined();
  });

  test('and no rule can be held against is refused', async () => {
    const images = [{ id: image, layers: [], names: [`010.0.0.5/a@${a}`] }];
    const sources = { [a]: [{ repository: '010.0.0.5/a' }] };
    const found = await records({ images, sources });
    expect(() => found.namesOf(image)).toThrow('010.0.0.5/a');
    expect(() => found.originOf(a)).toThrow('010.0.0.5/a');
  });

  test('of layers is the same by the image and by what names them all', async () => {
    const found = await records({ images: [{ id: image, layers: [a, b, c] }] });
    expect(found.layersOf(image)).toEqual([a, b, c]);
    expect(found.layersOfChain(chainsOf([a, b, c])[2] ?? '')).toEqual([a, b, c]);
    expect(found.layersOfChain(chainsOf([a, b])[1] ?? '')).toEqual([a, b]);
    expect(found.layersOf(digestOf('2'))).toBeUndefined();
    expect(() => found.layersOf('sha256:../../x')).toThrow('no digest');
  });

  test('of where a layer comes from tells what was pulled from what was pushed', async () => {
    const empty = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';
    const found = await records({
      sources: {
        [a]: [{ repository: 'docker.io/library/nginx' }, { repository: 'localhost:5000/x', pushed: true }],
        [empty]: [{ repository: 'docker.io/someuser/x' }],
      },
    });
    expect(found.originOf(a)).toEqual({
      from: [{ repository: 'docker.io/library/nginx', digest: digestOf('0') }],
      to: [{ repository: 'localhost:5000/x', digest: digestOf('0') }],
    });
    expect(found.originOf(b)).toEqual({ from: [], to: [] });
    expect(found.originOf(empty)).toEqual({ from: [], to: [] });
  });

  test('of a container is its root and the images it mounts, and no other container’s', async () => {
    const found = await records({
      mounts: {
        [container]: [a],
        [`${container}-localhost:5000/evil/x:1`]: [a, b],
        [hex(`${container},src=x,dst=/i`)]: [c],
        [`${'e'.repeat(64)}-x`]: [b],
      },
    });
    const { root, mounted } = found.chainsOfContainer(container);
    expect(root).toBe(a);
    expect(new Set(mounted)).toEqual(new Set([chainsOf([a, b])[1], c]));
    expect(found.chainsOfContainer('..')).toEqual({ root: undefined, mounted: [] });
  });

  test('of a directory is the layer it holds, by either of its names', async () => {
    const dataRoot = await temporaryDirectory();
    writeDockerdFiles(dataRoot, { images: [{ id: image, layers: [a, b] }] });
    const found = readImageRecords(dataRoot);
    const upper = chainsOf([a, b])[1] ?? '';
    const below = (path: string): string => join(dataRoot, 'overlay2', path);
    mkdirSync(below('l'), { recursive: true });
    symlinkSync(`../${cacheIdOf(upper)}/diff`, below('l/SHORT'));
    expect(found.chainsOfDirectories([below(`${cacheIdOf(a)}/diff`)])).toEqual([a]);
    expect(found.chainsOfDirectories([below(`${cacheIdOf(a)}/diff/usr/bin`)])).toEqual([a]);
    expect(
      found.chainsOfDirectories([below('step/diff'), below('l/SHORT'), below(`${cacheIdOf(a)}/diff`)]),
    ).toEqual([upper, a]);
    for (const other of ['step/diff', 'l/NONE', 'l', '', '../image'])
      expect(found.chainsOfDirectories([below(other)])).toEqual([]);
    expect(readImageRecords(await temporaryDirectory()).chainsOfDirectories(['/x'])).toEqual([]);
  });

  test('where images are kept with containerd is nothing, and what cannot be read is no answer', async () => {
    const dataRoot = await temporaryDirectory();
    const found = readImageRecords(dataRoot);
    expect(found.namesOf(image)).toEqual([]);
    expect(found.idOf('ghcr.io/acme/x', b)).toBe(b);
    expect(found.layersOf(image)).toBeUndefined();
    expect(found.chainsOfContainer(container)).toEqual({ root: undefined, mounted: [] });
    mkdirSync(join(dataRoot, 'image/overlay2'), { recursive: true });
    writeFileSync(join(dataRoot, 'image/overlay2/repositories.json'), '{');
    expect(() => found.namesOf(image)).toThrow('JSON');
  });
});

test('what names layers is what dockerd 28.5 called those of an image of two', () => {
  const lower = 'sha256:1b201b230cc56861bcac27941bbbf2a009bcf890603de3059c4ae6bb90215dc1';
  const upper = 'sha256:8cb41c1b43778743d1d9b3570b7f2bbbb933d5e6a1980284a04e39806a3bd508';
  expect(chainsOf([])).toEqual([]);
  expect(chainsOf([lower, upper])).toEqual([
    lower,
    'sha256:fde9902697076c3727804354920e1549ef60bdc9dedc8285c1a79d8cd6ebef33',
  ]);
});
