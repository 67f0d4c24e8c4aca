import { expect, test } from 'vitest';
import { parseRequestHead } from './http/request-head.js';
import { operationOf } from './operations.js';
import { takeoverOf } from './takeover.js';

const takeover = (line: string, upgrade?: string): unknown => {
  const head = parseRequestHead([
    `${line} HTTP/1.1`,
    'Host: x',
    ...(upgrade === undefined ? [] : [`Upgrade: ${upgrade}`]),
  ]);
  return takeoverOf(head, operationOf(head.method, head.path));
};

test.each([
  ['POST /containers/a/attach', 'tcp'],
  ['POST /containers/a/b/attach', 'tcp'],
  ['POST /exec/a/start', 'TCP'],
  ['GET /containers/a/attach/ws', 'websocket'],
  ['POST /session', 'h2c'],
  ['POST /grpc', 'h2c'],
])('%s may be taken over with Upgrade: %s', (line, upgrade) => {
  expect(takeover(line, upgrade)).toEqual({ upgrade: upgrade.toLowerCase() });
});

test.each(['POST /containers/a/attach', 'POST /exec/a/start'])(
  '%s may be taken over without a word',
  (line) => {
    expect(takeover(line)).toEqual({ upgrade: undefined });
  },
);

test.each([
  ['POST /session', undefined],
  ['GET /containers/a/attach/ws', undefined],
  ['GET /_ping', 'h2c'],
  ['POST /containers/create', 'tcp'],
  ['POST /build', 'h2c'],
  ['POST /containers/attach/start', 'tcp'],
])('%s is never taken over, whatever Upgrade says (%s)', (line, upgrade) => {
  expect(takeover(line, upgrade)).toBeUndefined();
});
