import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { parseIpAddress } from '../../common/ip-address.js';
import { atOnce } from './connect-decider.test-support.js';
import { askRegistry } from './index.js';

interface Said {
  readonly status: number;
  readonly body?: string;
  /** Whether there is more to come, which never does. */
  readonly endless?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}
/** What a server says to whom. */
type Server = (path: string, userAgent: string) => Said;

const page = (status: number): Said => ({ status, body: `<html>${status}</html>` });
const error = (status: number, code: unknown): Said => ({
  status,
  body: JSON.stringify({ errors: [{ code, message: 'no', detail: null }] }),
});
/** Says this at `/v2/`, and the other thing everywhere else. */
const at =
  (ping: Said, other: Said): Server =>
  (path) =>
    path === '/v2/' ? ping : other;
const everywhere =
  (said: Said): Server =>
  () =>
    said;
/** A store of files that takes what is first in a path for the name of a bucket; of two letters there is none. */
const buckets: Server = (path) =>
  /^\/[^/]{1,2}(?:\/|$)/.test(path)
    ? { status: 400, body: '<Error><Code>InvalidBucketName</Code></Error>' }
    : { status: 404, body: '<Error><Code>NoSuchBucket</Code></Error>' };

const sites: readonly [string, Server][] = [
  ['a bucket nobody may list', everywhere({ status: 403, body: '<Error><Code>AccessDenied</Code></Error>' })],
  ['a bucket everybody may list', everywhere({ status: 404, body: '<Error><Code>NoSuchKey</Code></Error>' })],
  ['buckets by their path', buckets],
  ['a site that wants no robots', everywhere(page(403))],
  ['a server of names alone, without a page', everywhere(page(400))],
  ['a collector, which is told things', everywhere(page(405))],
  ['a registry of packages of npm', everywhere({ status: 404, body: '{"error":"Not found"}' })],
  ['a list of packages', everywhere(page(404))],
  ['a host of repositories of git', everywhere({ status: 404, body: 'Not Found' })],
  ['an interface that names its errors', everywhere({ status: 404, body: '{"error":{"code":404}}' })],
  ['one whose errors have numbers', at(error(404, 7003), page(403))],
  ['one whose errors have the form of a registry’s', everywhere(error(404, 'NOT_FOUND'))],
  ['one that wants a key', everywhere(error(403, 'FORBIDDEN'))],
  ['one that wants a key, and has a second version', at({ status: 401, body: '{}' }, page(404))],
  ['one that has errors without a code', at({ status: 404, body: '{"errors":[{}]}' }, page(200))],
  ['a site with a page for all', everywhere(page(200))],
];

const registries: readonly [string, Server][] = [
  ...[200, 400, 403, 404, 405, 429, 500, 503].map((status): [string, Server] => [
    `one that answers ${status} with an error of the specification, and nothing else`,
    everywhere(error(status, 'DENIED')),
  ]),
  [
    'one with another error besides',
    everywhere({ status: 404, body: '{"errors":[{},{"code":"NAME_UNKNOWN"}]}' }),
  ],
  ['one whose error nobody has heard of', at(error(404, 'NOT_FOUND'), page(404))],
  ['one that lets nobody ask', at(page(403), page(404))],
  ['one that lets nobody read', at(page(405), page(404))],
  ['one that takes the question for no request', at(page(400), page(200))],
  ['one that refuses both, otherwise', at(page(403), page(400))],
  [
    'one behind a firewall that knows clients by their name',
    (_, userAgent) => (userAgent.startsWith('docker/') ? { status: 200, body: '{}' } : page(403)),
  ],
];

async function found(server: Server): Promise<string> {
  const listening = createServer(({ url = '', headers }, response) => {
    const { status, body = '', headers: fields = {}, endless } = server(url, headers['user-agent'] ?? '');
    response.writeHead(status, fields).write(body);
    if (endless !== true) response.end();
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void listening.close());
  await once(listening, 'listening');
  const address = listening.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const loopback = parseIpAddress('127.0.0.1');
  return askRegistry(
    {
      scheme: 'http',
      host: 'a.example',
      port,
      addresses: loopback === undefined ? [] : [loopback],
    },
    atOnce,
  );
}

test.each(sites)('no registry: %s', async (_name, server) => {
  expect(await found(server)).toBe('none');
});

test.each(registries)('a registry: %s', async (_name, server) => {
  expect(await found(server)).toBe('registry');
});

test('what is at a path like its own is asked for, and not at the second one’s', async () => {
  const asked: string[] = [];
  await found((path) => {
    asked.push(path);
    return page(403);
  });
  expect(asked).toEqual(['/v2/', expect.stringMatching(/^\/[a-uw-z]\d\/$/)]);
});

test('of one that can’t answer for the other path now nobody knows', async () => {
  for (const ping of [page(403), { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }])
    expect(await found(at(ping, page(503)))).toBe('unsaid');
});

const endless = (said: Said): Said => ({ ...said, endless: true });

test('an error that never comes to its end is what its status says, and an answer nobody’s', async () => {
  const asked = [
    everywhere(endless(page(404))),
    at(endless(page(403)), page(404)),
    everywhere(endless(page(503))),
    everywhere(endless({ status: 404, body: '{"errors":[{"code":"NAME_UNKNOWN"}]}' })),
  ];
  expect(await Promise.all(asked.map(found))).toEqual(['none', 'registry', 'unsaid', 'registry']);
  await expect(found(everywhere(endless({ status: 200, body: '{' })))).rejects.toThrow(/abort|timeout/i);
});
