import { createHash } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type TestedTraffic, testedTraffic, tlsPeer } from './traffic.test-support.js';

const sha = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const manifest = (name: string): string => JSON.stringify({ config: { digest: sha(name) }, layers: [] });
const [part, other] = [manifest('part'), manifest('other')];
const index = JSON.stringify({ manifests: [{ digest: sha(part) }] });
const open = JSON.stringify({ manifests: [{ digest: sha(other) }] });
const bulkhead = {
  imageAccess: {
    default: 'allow',
    rules: [{ repository: 'ghcr.io/acme/*', action: 'deny', digests: [sha(index)] }],
  },
};

interface Registry extends TestedTraffic {
  readonly asked: string[];
  /** A manifest by a tag, or its digest. */
  readonly pull: (reference: string, repository?: string) => Promise<string>;
}

/** @param status of what is denied; that of the registry where absent. */
async function registry(status?: number, policy: object = bulkhead): Promise<Registry> {
  const asked: string[] = [];
  const all: Record<string, string> = { open, index };
  for (const text of [part, other, index, open]) all[sha(text)] = text;
  const listener: RequestListener = ({ url = '', method = '', headers }, response) => {
    const reference = url.replace(/^.*\//, '');
    asked.push(`${method} ${reference}`);
    const text = all[reference];
    const isToBeSigned = headers.authorization === undefined;
    const said = isToBeSigned ? 401 : reference === sha(index) ? (status ?? 200) : 200;
    if (text === undefined || said !== 200) response.writeHead(text === undefined ? 404 : said).end();
    else response.writeHead(200, { 'docker-content-digest': sha(text) }).end(method === 'HEAD' ? '' : text);
  };
  const traffic = await testedTraffic({
    bulkhead: policy,
    peers: { 'ghcr.io': await tlsPeer('ghcr.io', listener) },
  });
  const pull = async (reference: string, repository = 'acme/tool'): Promise<string> =>
    traffic.say(
      `GET /v2/${repository}/manifests/${reference} HTTP/1.1\r\nHost: ghcr.io\r\nAuthorization: Bearer x\r\nConnection: close\r\n\r\n`,
      'ghcr.io',
    );
  return { ...traffic, asked, pull };
}

const refused =
  /^HTTP\/1\.1 403 .*image access denied: a rule denies an image it is a part of: ghcr\.io\/acme\/tool@sha256:.*rule image-access \(bulkhead\.imageAccess\.rules\[0\]\)/s;
const passed = /^HTTP\/1\.1 200 /;

describe('a manifest of an index that a rule denies', () => {
  test('is refused by its own digest, though the index was never seen', async () => {
    const { pull, asked } = await registry();
    expect(await pull(sha(part))).toMatch(refused);
    expect(asked).toEqual([`GET ${sha(part)}`, `HEAD ${sha(index)}`, `GET ${sha(index)}`]);
    // Once is enough, wherever it is.
    expect(await pull(sha(part))).toMatch(refused);
    expect(asked.slice(3)).toEqual([`GET ${sha(part)}`]);
    expect(await pull('index')).toMatch(
      /^HTTP\/1\.1 403 .*a rule denies its contents.*\(bulkhead\.imageAccess\.rules\[0\]\)/s,
    );
  });

  test('is not with the rule off, nor in another repository', async () => {
    const { pull, govern, asked } = await registry();
    expect(await pull(sha(part), 'others/tool')).toMatch(passed);
    govern({});
    expect(await pull(sha(part))).toMatch(passed);
    expect(asked).toHaveLength(2);
  });

  test('others pass, and what an index that is admitted names costs no further question', async () => {
    const { pull, asked } = await registry();
    expect(await pull(sha(other))).toMatch(passed);
    expect(asked).toHaveLength(3);
    expect(await pull('open')).toMatch(passed);
    expect(await pull(sha(other))).toMatch(passed);
    expect(asked.slice(3)).toEqual(['GET open', `GET ${sha(other)}`]);
  });

  test('where what is denied is not there, it is asked for once; where it can’t be had, nothing passes by its digest', async () => {
    const gone = await registry(404);
    for (const reference of [sha(part), sha(open)]) expect(await gone.pull(reference)).toMatch(passed);
    expect(gone.asked).toEqual([`GET ${sha(part)}`, `HEAD ${sha(index)}`, `GET ${sha(open)}`]);
    const closed = await registry(403);
    expect(await closed.pull(sha(part))).toMatch(/^HTTP\/1\.1 403 .*it may be a part of what a rule denies/s);
  });

  test('who has not signed in is asked to, before anything else is', async () => {
    const { say, asked } = await registry();
    const request = `GET /v2/acme/tool/manifests/${sha(part)} HTTP/1.1\r\nHost: ghcr.io\r\nConnection: close\r\n\r\n`;
    expect(await say(request, 'ghcr.io')).toMatch(/^HTTP\/1\.1 401 /);
    expect(asked).toHaveLength(1);
  });

  test('is asked about as often as a rule denies something, without a word of it', async () => {
    const warned: Error[] = [];
    const note = (warning: Error): void => void warned.push(warning);
    process.on('warning', note);
    onTestFinished(() => void process.off('warning', note));
    const digests = Array.from({ length: 30 }, (_, at) => sha(`gone ${at}`));
    const rules = [{ repository: 'ghcr.io/acme/*', action: 'deny', digests }];
    const { pull, asked } = await registry(undefined, { imageAccess: { default: 'allow', rules } });
    expect(await pull(sha(other))).toMatch(passed);
    expect(asked).toHaveLength(31);
    expect(warned).toEqual([]);
  });
});
