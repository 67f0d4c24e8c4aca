import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { newestApiVersion } from './api-version.js';
import { operationTable } from './operation-table.js';
import { operationOf } from './operations.js';

const description = z
  .object({
    apiVersion: z.string(),
    operations: z.array(z.tuple([z.string(), z.string(), z.string()])),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../test/fixtures/docker-api.json'), 'utf8')));

/** What dockerd serves and its description leaves out. */
const undescribed = [
  'BuildCancel',
  'CheckpointCreate',
  'CheckpointDelete',
  'CheckpointList',
  'Grpc',
  'Options',
  /^Debug/,
];

describe("the table and Docker's API description", () => {
  test('are of one version', () => {
    expect(newestApiVersion).toBe(description.apiVersion);
  });

  test('have the same operations, by the same methods and with the same parameters', () => {
    const described = operationTable
      .filter(
        ([id]) => !undescribed.some((known) => (typeof known === 'string' ? known === id : known.test(id))),
      )
      .map(([id, method, path]) => [id, method, path.replaceAll(/:\.[*+]\}/g, '}')].join(' '));
    const twice = 'NetworkList GET /networks/';
    expect(described.filter((row) => row !== twice).toSorted()).toEqual(
      description.operations.map((row) => row.join(' ')).toSorted(),
    );
    expect(described).toContain(twice);
  });

  test.each(description.operations)('%s is found by %s %s', (id, method, path) => {
    expect(operationOf(method, path.replaceAll(/[{}]/g, '')).id).toBe(id);
  });
});

test.each([
  ['GET', '/images/registry.local:5000/a/b:1/json', 'ImageInspect', { name: 'registry.local:5000/a/b:1' }],
  ['GET', '/images/get', 'ImageGetAll', {}],
  ['GET', '/images/get/get', 'ImageGet', { name: 'get' }],
  ['GET', '/images/json/json', 'ImageInspect', { name: 'json' }],
  ['DELETE', '/images/json', 'ImageDelete', { name: 'json' }],
  ['POST', '/containers/create', 'ContainerCreate', {}],
  ['POST', '/containers/create/exec', 'ContainerExec', { id: 'create' }],
  ['POST', '/containers/a/start/exec', 'ContainerExec', { id: 'a/start' }],
  ['POST', '/containers/a/exec/start', 'ContainerStart', { id: 'a/exec' }],
  ['GET', '/containers/json', 'ContainerList', {}],
  ['GET', '/containers/a/attach/ws', 'ContainerAttachWebsocket', { id: 'a' }],
  ['DELETE', '/containers/a/checkpoints/b', 'CheckpointDelete', { id: 'a', checkpoint: 'b' }],
  ['DELETE', '/containers/a/b/checkpoints/c', 'ContainerDelete', { id: 'a/b/checkpoints/c' }],
  ['DELETE', '/volumes/', 'VolumeDelete', { name: '' }],
  ['GET', '/networks/', 'NetworkList', {}],
  ['GET', '/networks/a/b', 'NetworkInspect', { id: 'a/b' }],
  ['POST', '/networks/create/connect', 'NetworkConnect', { id: 'create' }],
  ['OPTIONS', '/whatever/there/is', 'Options', { anyroute: 'whatever/there/is' }],
  ['GET', '/tasks/a', 'TaskInspect', { id: 'a' }],
])('%s %s is %s', (method, path, id, parameters) => {
  const found = operationOf(method, path);
  expect({ id: found.id, parameters: { ...found.parameters } }).toEqual({ id, parameters });
});

test.each([
  ['GET', '/'],
  ['GET', '/containers'],
  ['GET', '/containers/'],
  ['GET', '/containers/json/'],
  ['GET', '/Containers/json'],
  ['HEAD', '/containers/json'],
  ['POST', '/_ping'],
  ['PUT', '/containers/create'],
  ['GET', '/containers/a'],
  ['POST', '/containers/a/attached'],
  ['POST', '/x/containers/a/attach'],
  ['GET', '/containers/a/attach'],
  ['GET', '/grpc'],
  ['GET', '/tasks/a/b'],
  ['GET', '/services/a/b/logs'],
  ['GET', '/_ping/'],
  ['GET', '/info/x'],
  ['GET', '/libpod/info'],
  ['POST', '/containers/a/update/'],
  ['GET', '/constructor'],
  ['BREW', '/info'],
])('%s %s is none', (method, path) => {
  expect(() => operationOf(method, path)).toThrow(/page not found: .*rule endpoints/);
});

test('what is closed says what it would let a person at', () => {
  expect(operationOf('POST', '/plugins/pull').closed).toBe('an engine plugin');
  expect(operationOf('GET', '/debug/pprof/heap').closed).toBe("the engine's memory");
  expect(operationOf('POST', '/services/a/update').closed).toBe('a swarm');
  expect(operationOf('GET', '/services').closed).toBeUndefined();
});

test('dockerd takes the first route that fits, and so does the table', { timeout: 60_000 }, () => {
  const word = fc.constantFrom('a', 'b:1', 'json', 'get', 'create', 'exec', 'attach', 'ws', 'checkpoints');
  const first = fc.constantFrom('containers', 'images', 'networks', 'volumes', 'plugins', 'services', 'exec');
  const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE');
  fc.assert(
    fc.property(method, first, fc.array(word, { maxLength: 4 }), (verb, head, rest) => {
      const path = `/${[head, ...rest].join('/')}`;
      // Written here as gorilla/mux writes it: one expression for the whole path, tried row by row.
      const expected = operationTable.find(
        ([, rowMethod, row]) =>
          rowMethod === verb &&
          new RegExp(
            `^${row
              .replaceAll('{', '\0')
              .replaceAll(/\0\w+:(\.[*+])\}/g, '($1)')
              .replaceAll(/\0\w+\}/g, '([^/]+)')}$`,
          ).test(path),
      )?.[0];
      const found = ((): string | undefined => {
        try {
          return operationOf(verb, path).id;
        } catch {
          return undefined;
        }
      })();
      expect(found).toBe(expected);
    }),
    { numRuns: 2000 },
  );
});
