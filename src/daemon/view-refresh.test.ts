import { expect, test } from 'vitest';
import { freshViewHooks, freshViewNeed } from './view-refresh.js';

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

test('a copy into a container is followed by a second refresh, once, when the answer comes', async () => {
  let refreshed = 0;
  const hooks = freshViewHooks(async () => {
    refreshed += 1;
    await Promise.resolve();
  });
  expect(hooks.fromB?.(Buffer.from('HTTP/1.1 200 OK'))).toBeUndefined();
  await hooks.fromA?.(Buffer.from('PUT /v1.51/containers/abc/archive?path=%2F HTTP/1.1'));
  expect(refreshed).toBe(1);
  await hooks.fromB?.(Buffer.from('HTTP/1.1 200 OK'));
  expect(refreshed).toBe(2);
  expect(hooks.fromB?.(Buffer.from('more'))).toBeUndefined();
});
