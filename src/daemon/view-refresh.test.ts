import { expect, test } from 'vitest';
import { freshViewHooks, freshViewNeed, viewTarget } from './view-refresh.js';

test.each([
  ['GET /v1.51/containers/abc/archive?path=%2F HTTP/1.1\r\n', 'before'],
  ['HEAD /v1.51/containers/abc/archive?path=%2F HTTP/1.1\r\n', 'before'],
  ['PUT /v1.51/containers/abc/archive?path=%2F HTTP/1.1\r\n', 'before-and-after'],
  ['GET /containers/some.name_1/changes HTTP/1.1\r\n', 'before'],
  ['GET /v1.51/containers/abc/export HTTP/1.1\r\n', 'before'],
  ['GET /v1.51/containers/abc/json HTTP/1.1\r\n', 'none'],
  ['POST /v1.51/containers/create HTTP/1.1\r\n', 'none'],
  ['GET /v1.51/containers/json HTTP/1.1\r\n', 'none'],
  ['', 'none'],
])('%j needs %s', (start, need) => {
  expect(freshViewNeed(Buffer.from(start))).toBe(need);
});

test.each([
  [
    'PUT /v1.51/containers/web/archive?noOverwriteDirNonDir=true&path=%2Fusr%2Fsrc%2Fa+b HTTP/1.1',
    'web',
    '/usr/src/a b',
  ],
  ['PUT /containers/a%62c/archive?path=/etc HTTP/1.1', 'abc', '/etc'],
  ['GET /v1.51/containers/web/archive?path=%2Fetc HTTP/1.1', 'web', ''],
  ['HEAD /v1.51/containers/web/archive?path=%2Fetc HTTP/1.1', 'web', ''],
])('%j is about %s and %j', (start, container, path) => {
  expect(viewTarget(Buffer.from(start))).toEqual({ container, path });
});

test.each([
  'GET /v1.51/containers/web/changes HTTP/1.1',
  'PUT /v1.51/containers/web/archive?path= HTTP/1.1',
  'PUT /v1.51/containers/web/archive?path=%2Fa%00b HTTP/1.1',
  'PUT /v1.51/containers/%zz/archive?path=/ HTTP/1.1',
])('%j names no place', (start) => {
  expect(viewTarget(Buffer.from(start))).toBeUndefined();
});

test('a copy into a container is followed by a second refresh, once, when the answer comes', async () => {
  let refreshed = 0;
  const targets: unknown[] = [];
  const hooks = freshViewHooks(async (target) => {
    targets.push(target);
    refreshed += 1;
    await Promise.resolve();
  });
  expect(hooks.fromB?.(Buffer.from('HTTP/1.1 200 OK'))).toBeUndefined();
  await hooks.fromA?.(Buffer.from('PUT /v1.51/containers/abc/archive?path=%2F HTTP/1.1'));
  expect(refreshed).toBe(1);
  await hooks.fromB?.(Buffer.from('HTTP/1.1 200 OK'));
  expect(refreshed).toBe(2);
  expect(hooks.fromB?.(Buffer.from('more'))).toBeUndefined();
  expect(targets).toEqual([{ container: 'abc', path: '/' }, undefined]);
});
