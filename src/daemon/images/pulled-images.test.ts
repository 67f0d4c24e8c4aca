import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../channel/test-support/streams.js';
import { digestOf } from './dockerd-files.test-support.js';
import { PulledImages } from './pulled-images.js';

const repository = 'docker.io/library/nginx';
const [one, other] = [digestOf('1'), digestOf('2')];
const name = (tag: string) => ({ repository, tag, digest: digestOf('a') });

test('every name an image was pulled by is kept, across starts', async () => {
  const directory = join(await temporaryDirectory(), 'images');
  const memory = new PulledImages(directory);
  memory.learn({ id: one, chain: 'c', names: [name('1')] });
  memory.learn({ id: one, chain: 'c', names: [name('2'), name('1')] });
  memory.learn({ id: other, chain: 'c', names: [name('3')] });
  for (const known of [memory, new PulledImages(directory)]) {
    expect(known.namesOf(one)).toEqual([name('1'), name('2')]);
    expect(known.namesOfChain('c')).toEqual([name('1'), name('2'), name('3')]);
    expect(known.namesOf(digestOf('9'))).toEqual([]);
    expect(known.namesOfChain('d')).toEqual([]);
  }
});

test('images are found by a digest a registry gave for them', async () => {
  const memory = new PulledImages(await temporaryDirectory());
  memory.learn({ id: one, chain: 'c', names: [name('1'), { repository, digest: digestOf('b') }] });
  memory.learn({ id: other, names: [name('1')] });
  expect(memory.withDigest(digestOf('a')).map(({ id }) => id)).toEqual([one, other]);
  expect(memory.withDigest(digestOf('b'))).toMatchObject([{ id: one, chain: 'c' }]);
  expect(memory.withDigest(digestOf('c'))).toEqual([]);
});

test('a file that makes no sense is nothing, and no end', async () => {
  const directory = await temporaryDirectory();
  for (const text of ['', '{', '{"format":2,"images":[]}', '{"format":1,"images":[{"id":1}]}']) {
    writeFileSync(join(directory, 'pulled.json'), text);
    expect(new PulledImages(directory).namesOf(one)).toEqual([]);
  }
});

test('nothing is written that is known already', async () => {
  const directory = await temporaryDirectory();
  const memory = new PulledImages(directory);
  memory.learn({ id: one, names: [name('1')] });
  writeFileSync(join(directory, 'pulled.json'), 'unchanged');
  memory.learn({ id: one, names: [name('1')] });
  expect(readFileSync(join(directory, 'pulled.json'), 'utf8')).toBe('unchanged');
});

test('the images pulled longest ago are forgotten, and of one the oldest names', async () => {
  const directory = await temporaryDirectory();
  const images = Array.from({ length: 5000 }, (_, at) => ({
    id: `i${at}`,
    chain: `c${at}`,
    names: [name('1')],
  }));
  writeFileSync(join(directory, 'pulled.json'), JSON.stringify({ format: 1, images }));
  const memory = new PulledImages(directory);
  memory.learn({ id: 'i0', chain: 'c0', names: Array.from({ length: 60 }, (_, at) => name(`t${at}`)) });
  memory.learn({ id: 'new', names: [name('1')] });
  expect(memory.namesOf('i0')).toHaveLength(50);
  expect(memory.namesOf('i0').at(-1)).toEqual(name('t59'));
  expect(memory.namesOf('i1')).toEqual([]);
  expect(memory.namesOfChain('c1')).toEqual([]);
  expect(memory.namesOf('i2')).toEqual([name('1')]);
});

test('what cannot be written counts for now', async () => {
  const file = join(await temporaryDirectory(), 'file');
  writeFileSync(file, '');
  const memory = new PulledImages(join(file, 'images'));
  expect(() => {
    memory.learn({ id: one, names: [name('1')] });
  }).toThrow('ENOTDIR');
  expect(memory.namesOf(one)).toEqual([name('1')]);
});
