import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../channel/test-support/streams.js';
import { digestOf } from './dockerd-files.test-support.js';
import { NotedLayers, type NotedSource } from './noted-layers.js';

const source = (repository: string): NotedSource => ({ repository, digest: digestOf('0') });
const [nginx, mine] = [source('docker.io/library/nginx'), source('ghcr.io/acme/x')];
const notes = (layer: string, ...sources: NotedSource[]) => new Map([[layer, sources]]);

test('what was noted once is kept, across starts, and nothing takes it away', async () => {
  const directory = join(await temporaryDirectory(), 'images');
  const noted = new NotedLayers(directory);
  noted.learn(notes('a', nginx));
  noted.learn(notes('a', mine, nginx));
  noted.learn(notes('a'));
  noted.learn(new Map());
  for (const known of [noted, new NotedLayers(directory)]) {
    expect(known.sourcesOf('a')).toEqual([nginx, mine]);
    expect(known.sourcesOf('b')).toEqual([]);
  }
});

test('a file that makes no sense is nothing, and no end', async () => {
  const directory = await temporaryDirectory();
  for (const text of ['', '{', '{"format":2,"layers":[]}', '{"format":1,"layers":[["a",[{"x":1}]]]}']) {
    writeFileSync(join(directory, 'layers.json'), text);
    expect(new NotedLayers(directory).sourcesOf('a')).toEqual([]);
  }
});

test('nothing is written that is known already', async () => {
  const directory = await temporaryDirectory();
  const noted = new NotedLayers(directory);
  noted.learn(notes('a', nginx));
  writeFileSync(join(directory, 'layers.json'), 'unchanged');
  noted.learn(notes('a', nginx));
  expect(readFileSync(join(directory, 'layers.json'), 'utf8')).toBe('unchanged');
});

test('of very many, those are forgotten first that the engine has noted itself', async () => {
  const noted = new NotedLayers(await temporaryDirectory());
  const all = Array.from({ length: 20_000 }, (_, at): [string, NotedSource[]] => [`l${at}`, [nginx]]);
  noted.learn(new Map(all));
  noted.learn(new Map([...all.slice(2, 4), ['more', [nginx]], ['most', [nginx]]]));
  const forgotten = all.filter(([layer]) => noted.sourcesOf(layer).length === 0);
  expect(forgotten.map(([layer]) => layer)).toEqual(['l2', 'l3']);
});

test('what cannot be written counts for now', async () => {
  const file = join(await temporaryDirectory(), 'file');
  writeFileSync(file, '');
  const noted = new NotedLayers(join(file, 'images'));
  expect(() => {
    noted.learn(notes('a', nginx));
  }).toThrow('ENOTDIR');
  expect(noted.sourcesOf('a')).toEqual([nginx]);
});
