import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Decision } from '../../common/audit-event.js';
import { createLogger } from '../../common/log.js';
import { ImageList } from '../../gate/socket-mount/image-list.js';
import { readContainerRecord } from './container-record.js';
import { engineDouble, imageAnswers, imageIds } from './engine-double.test-support.js';
import { createImageLookup } from './image-lookup.js';
import { ImageMemory } from './image-memory.js';
import { createSocketGrants, type Grant } from './socket-grants.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-grants-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});
const containerId = 'c'.repeat(64);
const audited: Decision[] = [];

/** A container of an image, that starts while the engine answers or does not. */
async function granted(imageId: string, image: string, list: string[], ready = true): Promise<Grant> {
  mkdirSync(join(directory, 'containers', containerId), { recursive: true });
  const file = join(directory, 'containers', containerId, 'config.v2.json');
  writeFileSync(file, JSON.stringify({ Image: imageId, Config: { Image: image } }));
  const images = new ImageList(list);
  const memory = new ImageMemory(join(directory, 'memory'));
  return createSocketGrants({
    policy: { images, allowDerived: false, commands: undefined, rules: [] },
    memory,
    lookup: createImageLookup(engineDouble(imageAnswers), images, memory),
    sockets: { open: async (owner) => `/sockets/${owner.imageId}` },
    engineReady: () => ready,
    recordOf: (id) => readContainerRecord(directory, id),
    audit: (decision) => {
      audited.push(decision);
    },
    log: createLogger('test', { write: () => undefined }),
  })(containerId);
}

test('the image the container has decides, whatever name it was made by', async () => {
  expect(await granted(imageIds.cli, 'other:1', ['docker:cli'])).toEqual({
    kind: 'granted',
    path: `/sockets/${imageIds.cli}`,
  });
  expect(await granted(imageIds.evil, 'docker:cli', ['docker:*'])).toMatchObject({
    kind: 'denied',
    image: 'docker.io/library/docker',
  });
  expect(audited).toMatchObject([
    { kind: 'socket-mount', outcome: 'allowed', image: 'other:1' },
    { outcome: 'refused', code: 'BH_ISOLATION_DOCKER_SOCKET', rule: 'binds' },
  ]);
});

test('before the engine answers what is remembered decides, and an id needs no memory', async () => {
  expect((await granted(imageIds.cli, 'docker:cli', ['docker:cli'], false)).kind).toBe('denied');
  expect((await granted(imageIds.cli, 'docker:cli', [imageIds.cli], false)).kind).toBe('granted');
  await granted(imageIds.cli, 'docker:cli', ['docker:cli']);
  expect((await granted(imageIds.cli, 'docker:cli', ['docker:cli'], false)).kind).toBe('granted');
});

test('a container the engine has no record of has none', async () => {
  expect(readContainerRecord(directory, '../x')).toBeUndefined();
  expect(readContainerRecord(directory, 'd'.repeat(64))).toBeUndefined();
  audited.length = 0;
  expect((await granted('no image', 'docker:cli', ['*'])).kind).toBe('denied');
  expect(audited).toEqual([
    {
      kind: 'socket-mount',
      outcome: 'refused',
      who: { kind: 'engine' },
      container: containerId,
      code: 'BH_ISOLATION_DOCKER_SOCKET',
      rule: 'binds',
      setting: 'enhancedContainerIsolation.dockerSocketMount.imageList',
    },
  ]);
});
