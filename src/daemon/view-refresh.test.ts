import { expect, test } from 'vitest';
import { developer } from '../gate/caller.js';
import { parseRequestHead } from '../gate/http/request-head.js';
import type { Exchange } from './gate/exchange.js';
import { exchangeOf } from './gate/request-side.js';
import { freshViewHooks, viewTarget } from './view-refresh.js';

function exchange(line: string): Exchange {
  return exchangeOf(parseRequestHead([`${line} HTTP/1.1`, 'Host: docker']), developer, 'id');
}

test.each([
  ['GET /v1.51/containers/abc/archive?path=%2F', 'before'],
  ['HEAD /v1.51/containers/abc/archive?path=%2F', 'before'],
  ['PUT /v1.51/containers/abc/archive?path=%2F', 'before and after'],
  ['GET /containers/some.name_1/changes', 'before'],
  ['GET /v1.51/containers/abc/%65xport', 'before'],
  ['GET /v1.51/containers/abc/json', ''],
  ['POST /v1.51/containers/create', ''],
  ['DELETE /v1.51/containers/archive', ''],
  ['GET /v1.51/containers/json', ''],
])('%j refreshes %j', async (line, expected) => {
  let when = '';
  const refreshed: string[] = [];
  const hooks = freshViewHooks(async () => {
    refreshed.push(when);
    await Promise.resolve();
  });
  when = 'before';
  await hooks.before(exchange(line));
  when = 'after';
  await hooks.after(exchange(line));
  expect(refreshed.join(' and ')).toBe(expected);
});

test.each([
  [
    'PUT /v1.51/containers/web/archive?noOverwriteDirNonDir=true&path=%2Fusr%2Fsrc%2Fa+b',
    'web',
    '/usr/src/a b',
  ],
  ['PUT /containers/a%62c/archive?path=/etc', 'abc', '/etc'],
  ['GET /v1.51/containers/web/archive?path=%2Fetc', 'web', ''],
  ['HEAD /v1.51/containers/web/archive?path=%2Fetc', 'web', ''],
])('%j is about %s and %j', (line, container, path) => {
  expect(viewTarget(exchange(line))).toEqual({ container, path });
});

test.each([
  'GET /v1.51/containers/web/changes',
  'PUT /v1.51/containers/web/archive?path=',
  'PUT /v1.51/containers/web/archive?path=%2Fa%00b',
])('%j names no place', (line) => {
  expect(viewTarget(exchange(line))).toBeUndefined();
});
