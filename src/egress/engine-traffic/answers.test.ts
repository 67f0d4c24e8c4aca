import { createHash } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { expect, test } from 'vitest';
import { heard, testedTraffic, type TestedTraffic, tlsPeer } from './traffic.test-support.js';

const sha = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const get = (target: string, method = 'GET'): string =>
  `${method} ${target} HTTP/1.1\r\nHost: ghcr.io\r\nConnection: close\r\n\r\n`;
const blob = `/v2/acme/tool/blobs/${sha('')}`;

/** A registry that answers everything in one way, under a policy. */
async function answering(bulkhead: object, listener: RequestListener): Promise<TestedTraffic> {
  return testedTraffic({ bulkhead, peers: { 'ghcr.io': await tlsPeer('ghcr.io', listener) } });
}

const registries = {
  registryAccess: {
    rules: [
      {
        host: 'ghcr.io',
        alsoHosts: [
          { host: 'store.test', role: 'blobs' },
          { host: 'auth.test', role: 'token' },
        ],
      },
    ],
  },
};

const locations: readonly (readonly [location: string, refused: string | undefined])[] = [
  ['/elsewhere', undefined],
  ['https://ghcr.io/elsewhere', undefined],
  ['https://store.test/blob?sig=%2F', undefined],
  ['https://STORE.test./blob', undefined],
  ['https://quay.io/blob', 'Access to quay.io has been restricted by your administrators'],
  ['//quay.io/blob', 'Access to quay.io has been restricted by your administrators'],
  ['\\\\quay.io/blob', 'Access to quay.io has been restricted by your administrators'],
  ['https://store.test:8443/blob', 'Access to store.test:8443 has been restricted'],
  ['http://store.test/blob', 'Access to store.test:80 has been restricted'],
  ['https://ghcr.io@quay.io/blob', 'it leads to what is no address of HTTP'],
  ['ftp://store.test/blob', 'it leads to what is no address of HTTP'],
  ['https://127.0.0.1/blob', 'it leads to 127.0.0.1, which is the engine itself'],
  ['https://0x7f.1/blob', 'it leads to 127.0.0.1, which is the engine itself'],
  ['http://localhost:5000/v2/', 'it leads to localhost:5000, which is the engine itself'],
  ['https://[::1]/blob', 'it leads to [::1], which is the engine itself'],
];

test.each(locations)('a blob that is at %j', async (location, refused) => {
  const { say, govern } = await answering(registries, (_request, response) => {
    response.writeHead(307, { location }).end();
  });
  const passed = `HTTP/1.1 307 Temporary Redirect\r\nlocation: ${location}\r\n`;
  const text = await say(get(blob), 'ghcr.io');
  expect(text).toContain(refused ?? passed);
  expect(text.startsWith('HTTP/1.1 403 ')).toBe(refused !== undefined);
  if (refused?.startsWith('Access') !== true) return;
  expect(text).toContain('and ghcr.io leads there');
  govern({});
  expect(await say(get(blob), 'ghcr.io')).toContain(passed);
});

test('a request whose answer is refused is told of once, and as refused; one that nobody answers as allowed', async () => {
  const listener: RequestListener = ({ url }, response) => {
    if (url === '/v2/') response.destroy();
    else response.writeHead(307, { location: url === blob ? 'https://quay.io/blob' : '/x' }).end();
  };
  const { say, decisions } = await answering(registries, listener);
  for (const target of [blob, '/v2/acme/tool/blobs/none', '/v2/']) await say(get(target), 'ghcr.io');
  expect(decisions.map(({ operation, refusal }) => [operation?.kind, refusal?.code])).toEqual([
    ['blob', 'BH_REGISTRY_ACCESS'],
    [undefined, 'BH_REGISTRY_REQUEST'],
    ['ping', undefined],
  ]);
});

test('where an upload goes on is a question of pushing', async () => {
  const rule = { host: 'ghcr.io', push: true };
  const rules = (also: object): object => ({ registryAccess: { rules: [rule, also] } });
  const elsewhere: RequestListener = (_request, response) =>
    response.writeHead(202, { location: 'https://store.test/upload' }).end();
  const { say, govern } = await answering(rules({ host: 'store.test' }), elsewhere);
  const begin = get('/v2/acme/tool/blobs/uploads/', 'POST');
  expect(await say(begin, 'ghcr.io')).toContain('Access to store.test has been restricted');
  govern(rules({ host: 'store.test', push: true }));
  expect(await say(begin, 'ghcr.io')).toContain('202 Accepted');
});

const realms: readonly (readonly [challenge: string, refused: string | undefined])[] = [
  ['Bearer realm="https://auth.test/token",service="x"', undefined],
  ['Bearer realm="https://ghcr.io/token"', undefined],
  ['Basic realm="quay"', undefined],
  ['Bearer realm="https://quay.io/v2/auth",service="quay.io"', 'Access to quay.io has been restricted'],
  ['Basic realm="x", Bearer service="x", realm="https://quay.io/"', 'Access to quay.io has been restricted'],
  ['bearer REALM=https://quay.io/', 'Access to quay.io has been restricted'],
  ['Bearer realm="https://store.test/token"', 'opens it as a host of blobs alone'],
  ['Bearer realm="\\https://qu\\ay.io/"', 'Access to quay.io has been restricted'],
  ['Bearer service="realm=",realm="https://quay.io/"', 'Access to quay.io has been restricted'],
  ['Bearer realm="http://127.0.0.1:2375/"', 'it leads to 127.0.0.1:2375, which is the engine itself'],
];

test.each(realms)('a registry that sends for tokens by %j', async (challenge, refused) => {
  const { say } = await answering(registries, (_request, response) => {
    response.writeHead(401, { 'www-authenticate': challenge }).end();
  });
  expect(await say(get('/v2/'), 'ghcr.io')).toContain(refused ?? `www-authenticate: ${challenge}\r\n`);
});

test('tokens are given for what may be pulled, by a query or a form, and of several scopes for none unless for each', async () => {
  const seen: string[] = [];
  const images = {
    imageAccess: { rules: [{ repository: 'ghcr.io/acme/*', action: 'allow' }], default: 'deny' },
  };
  const { say } = await answering(images, (request, response) => {
    request.setEncoding('utf8');
    request.on('data', (text: string) => seen.push(text));
    request.on('end', () => response.end('{"token":"x"}'));
  });
  const query = (...scopes: string[]): string =>
    get(`/token?service=ghcr.io${scopes.map((scope) => `&scope=repository:${scope}:pull`).join('')}`);
  expect(await say(query('acme/tool'), 'ghcr.io')).toContain('"token"');
  expect(await say(query('acme/tool', 'other/tool'), 'ghcr.io')).toContain('image access denied');
  const form = (body: string): string =>
    `POST /token HTTP/1.1\r\nHost: ghcr.io\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
    `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
  const allowed = 'grant_type=password&scope=repository%3Aacme%2Ftool%3Apull&password=secret';
  expect(await say(form(allowed), 'ghcr.io')).toContain('"token"');
  expect(seen).toEqual([allowed]);
  expect(await say(form(allowed.replace('acme', 'other')), 'ghcr.io')).toContain('image access denied');
  expect(seen).toEqual([allowed]);
});

const [good, bad] = ['{"schemaVersion":2}', '{"schemaVersion":2,"evil":true}'];
const pinned = {
  imageAccess: {
    rules: [{ repository: 'ghcr.io/acme/tool', action: 'allow', digests: [sha(good)] }],
    default: 'deny',
  },
};
const denied = {
  imageAccess: {
    rules: [{ repository: 'ghcr.io/acme/*', action: 'deny', digests: [sha(bad)] }],
    default: 'allow',
  },
};
function serving(manifest: string, said = sha(manifest)): RequestListener {
  return ({ method }, response) => {
    response.setHeader('docker-content-digest', said).setHeader('content-length', manifest.length);
    response.end(method === 'HEAD' ? undefined : manifest);
  };
}
const tagged = '/v2/acme/tool/manifests/v1';

test('a tag passes where its contents are those the rules name, by HEAD and by GET', async () => {
  const sound = await answering(pinned, serving(good));
  expect(await sound.say(get(tagged), 'ghcr.io')).toContain(good);
  expect(await sound.say(get(tagged, 'HEAD'), 'ghcr.io')).toContain('200 OK');
  const other = await answering(pinned, serving(bad));
  for (const method of ['GET', 'HEAD'])
    expect(await other.say(get(tagged, method), 'ghcr.io')).toContain('none of those allowed');
  expect(other.pulled).toEqual([]);
  other.govern({});
  expect(await other.say(get(tagged), 'ghcr.io')).toContain(bad);
});

test('contents that are denied do not pass under any tag', async () => {
  const { say, govern } = await answering(denied, serving(bad));
  for (const method of ['GET', 'HEAD'])
    expect(await say(get(tagged, method), 'ghcr.io')).toContain('a rule denies its contents');
  govern({});
  expect(await say(get(tagged), 'ghcr.io')).toContain(bad);
});

test('contents are denied and pinned by whichever algorithm they are said', async () => {
  const sha512 = (text: string): string => `sha512:${createHash('sha512').update(text).digest('hex')}`;
  const evil = await answering(denied, serving(bad, sha512(bad)));
  for (const path of [tagged, `/v2/acme/tool/manifests/${sha512(bad)}`])
    expect(await evil.say(get(path), 'ghcr.io')).toContain('a rule denies its contents');
  expect(evil.pulled).toEqual([]);
  evil.govern({});
  expect(await evil.say(get(tagged), 'ghcr.io')).toContain(bad);
  const sound = await answering(pinned, serving(good, sha512(good)));
  expect(await sound.say(get(tagged), 'ghcr.io')).toContain(good);
  const other = await answering(pinned, serving(bad, sha512(bad)));
  expect(await other.say(get(tagged), 'ghcr.io')).toContain('none of those allowed');
});

test('a manifest that is not what it was asked for, or is said to be, does not pass, whatever the policy', async () => {
  const lying = await answering({}, serving(bad, sha(good)));
  expect(await lying.say(get(tagged), 'ghcr.io')).toContain(`it is not ${sha(good)} but ${sha(bad)}`);
  expect(await lying.say(get(`/v2/acme/tool/manifests/${sha(good)}`), 'ghcr.io')).toContain('it is not');
  expect(lying.pulled).toEqual([]);
  const strange = await answering({}, serving(good, 'md5:1'));
  expect(await strange.say(get(tagged), 'ghcr.io')).toContain('it says a digest that is none');
});

test('a manifest is taken whole, as it is, and from its registry, or not at all', async () => {
  const asked: unknown[] = [];
  const { say } = await answering(pinned, ({ headers, url }, response) => {
    asked.push([headers['range'], headers['if-none-match'], headers['accept-encoding']]);
    const tag = url?.split('/').at(-1);
    if (tag === 'partial') response.writeHead(206).end('{');
    else if (tag === 'encoded') response.writeHead(200, { 'content-encoding': 'gzip' }).end('{');
    else if (tag === 'long') response.end('x'.repeat(4 * 1024 * 1024 + 1));
    else if (tag === 'store') response.writeHead(307, { location: 'https://store.test/x' }).end();
    else if (tag === 'file') response.writeHead(307, { location: '/file' }).end();
    else if (tag === 'other') response.writeHead(307, { location: '/v2/acme/tool/manifests/v1' }).end();
    else response.writeHead(404).end('none');
  });
  const of = async (tag: string): Promise<string> =>
    say(
      get(`/v2/acme/tool/manifests/${tag}`).replace(
        '\r\n\r\n',
        '\r\nRange: bytes=1-2\r\nIf-None-Match: x\r\n\r\n',
      ),
      'ghcr.io',
    );
  expect(await of('partial')).toContain('it answers 206 for a manifest');
  expect(await of('encoded')).toContain('its manifest is encoded');
  expect(await of('long')).toContain('its manifest is longer than 4194304 bytes');
  expect(await of('store')).toContain('it sends for a manifest elsewhere');
  expect(await of('file')).toContain('it sends for a manifest to where there are none');
  expect(await of('other')).toContain('307 Temporary Redirect');
  expect(await of('v1')).toMatch(/404 Not Found[^]*\r\nnone\r\n/);
  expect(new Set(asked.map(String))).toEqual(new Set([',,identity']));
});

test('what an allowed manifest names is allowed with it, and nothing else of that repository', async () => {
  const parts = [sha('a platform'), sha('a layer')];
  const index = JSON.stringify({ manifests: [{ digest: parts[0] }], layers: [{ digest: parts[1] }] });
  const rules = {
    imageAccess: {
      rules: [{ repository: 'ghcr.io/acme/tool', action: 'allow', tags: ['v1'] }],
      default: 'deny',
    },
  };
  const tag = serving(index);
  const { say } = await answering(rules, (request, response) => {
    if (request.url === tagged) tag(request, response);
    else response.end('content');
  });
  const layer = get(`/v2/acme/tool/blobs/${parts[1]}`);
  expect(await say(layer, 'ghcr.io')).toContain('other versions of it are allowed');
  expect(await say(get(tagged), 'ghcr.io')).toContain(index);
  expect(await say(layer, 'ghcr.io')).toContain('content');
  expect(await say(get(`/v2/acme/tool/blobs/${sha('else')}`), 'ghcr.io')).toContain('other versions of it');
  expect(await say(get(`/v2/acme/else/blobs/${parts[1]}`), 'ghcr.io')).toContain('image access denied');
});

test('whoever says to stand in for a registry says nothing of what is in its images, but a mirror of the policy', async () => {
  const older = 'an older version';
  const index = JSON.stringify({ manifests: [{ digest: sha(older) }] });
  const peers = {
    'ghcr.io': await tlsPeer('ghcr.io', (_request, response) => response.end(older)),
    'other.test': await tlsPeer('other.test', (_request, response) => response.end(index)),
  };
  const rules = [
    { repository: 'ghcr.io/acme/tool', action: 'allow', tags: ['v1'] },
    { repository: 'other.test/**', action: 'allow' },
  ];
  const { say, govern } = await testedTraffic({ bulkhead: { imageAccess: { rules } }, peers });
  const planted = get(`${tagged}?ns=ghcr.io`).replace('Host: ghcr.io', 'Host: other.test');
  const wanted = get(`/v2/acme/tool/manifests/${sha(older)}`);
  expect(await say(planted, 'other.test')).toContain(index);
  expect(await say(wanted, 'ghcr.io')).toContain('other versions of it are allowed');
  govern({ imageAccess: { rules, mirrors: [{ source: 'ghcr.io', mirror: 'other.test' }] } });
  expect(await say(planted, 'other.test')).toContain(index);
  expect(await say(wanted, 'ghcr.io')).toContain(older);
});

test('a registry that leads in circles does so to its client, who counts', async () => {
  let asked = 0;
  const { say, connect } = await answering({}, (_request, response) => {
    asked += 1;
    response.writeHead(307, { location: blob }).end();
  });
  expect(await say(get(blob), 'ghcr.io')).toContain('307');
  expect(asked).toBe(1);
  const socket = await connect('ghcr.io');
  socket.end();
  expect(await heard(socket)).toBe('');
});
