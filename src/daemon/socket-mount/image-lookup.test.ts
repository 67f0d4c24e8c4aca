import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ImageList } from '../../gate/socket-mount/image-list.js';
import { digest, engineDouble, imageAnswers, imageIds } from './engine-double.test-support.js';
import { createImageLookup } from './image-lookup.js';
import { ImageMemory } from './image-memory.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-images-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});
const cli = {
  id: imageIds.cli,
  names: ['docker.io/library/docker:cli'],
  digests: [`docker.io/library/docker@${digest}`],
};

test('an image of the list is believed, and what it is made of is not asked for', async () => {
  const client = engineDouble(imageAnswers);
  const look = createImageLookup(client, new ImageList(['docker:cli']), new ImageMemory(directory));
  expect(await look('docker:cli')).toEqual({ ...cli, parents: [] });
  expect(client.asked).not.toContain('/images/json');
  expect(await look('nothing')).toBeUndefined();
});

test('E07, E09: an image is made of those whose layers it begins with, whatever else it says', async () => {
  const look = createImageLookup(
    engineDouble(imageAnswers),
    new ImageList(['docker:*']),
    new ImageMemory(directory),
  );
  expect(await look('mine:1')).toEqual({ id: imageIds.derived, names: [], digests: [], parents: [cli] });
  expect(await look('docker:evil')).toEqual({ id: imageIds.evil, names: [], digests: [], parents: [] });
});

test('with the containerd image store a name proves nothing', async () => {
  const info = { DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']] };
  const client = engineDouble({ ...imageAnswers, '/info': info });
  const look = createImageLookup(client, new ImageList(['docker:*']), new ImageMemory(directory));
  expect(await look('docker:cli')).toEqual({ ...cli, names: [], digests: [digest], parents: [] });
});

test('E19: what was believed of an image stays, for the next daemon too', async () => {
  const list = new ImageList(['docker:cli']);
  await createImageLookup(engineDouble(imageAnswers), list, new ImageMemory(directory))('docker:cli');
  const moved = { Id: imageIds.cli, RepoTags: [], RepoDigests: [], RootFS: { Layers: ['a'] } };
  const client = engineDouble({
    ...imageAnswers,
    [`/images/${imageIds.cli}/json`]: moved,
    '/images/json': [],
  });
  const memory = new ImageMemory(directory);
  expect(memory.get(imageIds.cli)).toEqual({ ...cli, parents: [] });
  expect(await createImageLookup(client, list, memory)(imageIds.cli)).toEqual({ ...cli, parents: [] });
});

test('only images of the list and what is made of them are remembered', async () => {
  const file = join(directory, 'images.json');
  const look = createImageLookup(
    engineDouble(imageAnswers),
    new ImageList(['docker:cli']),
    new ImageMemory(directory),
  );
  await look('docker:evil');
  expect(existsSync(file)).toBe(false);
  await look('mine:1');
  await look('docker:evil');
  const memory = new ImageMemory(directory);
  expect(memory.get(imageIds.derived)).toMatchObject({ parents: [cli] });
  expect(memory.get(imageIds.evil)).toBeUndefined();
});

test('of an image that was given any number of names those of the list are remembered', async () => {
  const RepoTags = [...Array.from({ length: 5000 }, (_, n) => `docker:a${n}`), 'docker:cli'];
  const image = { Id: imageIds.cli, RepoTags, RepoDigests: [`docker@${digest}`], RootFS: { Layers: ['a'] } };
  const client = engineDouble({ ...imageAnswers, '/images/docker:cli/json': image });
  const list = new ImageList(['docker:cli']);
  const look = createImageLookup(client, list, new ImageMemory(directory));
  expect((await look('docker:cli'))?.names).toHaveLength(5001);
  const kept = new ImageMemory(directory).get(imageIds.cli);
  expect([kept?.names.length, kept?.names[0]]).toEqual([50, 'docker.io/library/docker:cli']);
});

test('layers of the images of the list are asked for once, also when they were more than are kept', async () => {
  const many = Array.from({ length: 600 }, (_, n) => ({
    Id: `sha256:${n.toString(16).padStart(64, '0')}`,
    RepoTags: [`docker:${n}`],
    RepoDigests: [`docker@${digest}`],
    RootFS: { Layers: [`layer ${n}`] },
  }));
  const child = { Id: imageIds.derived, RepoTags: [], RepoDigests: [], RootFS: { Layers: ['x'] } };
  const answers = Object.fromEntries(many.map((image) => [`/images/${image.Id}/json`, image]));
  const of = (listed: typeof many) =>
    engineDouble({ ...imageAnswers, ...answers, '/images/json': listed, '/images/mine:1/json': child });
  const [all, last] = [of(many), of(many.slice(-10))];
  let client = all;
  const call: typeof all.call = async (...args) => client.call(...args);
  const look = createImageLookup({ call }, new ImageList(['docker:*']), new ImageMemory(directory));
  await look('mine:1');
  client = last;
  await look('mine:1');
  expect(last.asked).toEqual(['/images/mine%3A1/json', '/images/json']);
});

test('a memory that cannot be read is none', async () => {
  const list = new ImageList(['docker:cli']);
  await createImageLookup(engineDouble(imageAnswers), list, new ImageMemory(directory))('docker:cli');
  const file = join(directory, 'images.json');
  writeFileSync(file, readFileSync(file, 'utf8').slice(0, -3));
  expect(new ImageMemory(directory).get(imageIds.cli)).toBeUndefined();
});
