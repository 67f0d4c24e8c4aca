import { describe, expect, test } from 'vitest';
import { parseAuthority } from '../../common/authority.js';
import { readRequest } from '../registry-requests/read-request.js';
import type { Verdict } from '../verdict.js';
import { decideOperation } from './decide-operation.js';
import type { ImageRules } from './image-rules.js';
import { AdmittedContents, contentsOf } from './known-contents.js';
import { rulesOf, words } from './rules.test-support.js';

const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;
const [one, other] = [digestOf('a'), digestOf('b')];

function ask(rules: ImageRules, host: string, line: string, known?: AdmittedContents): Verdict {
  const [method = '', target = ''] = line.split(' ');
  const [authority, read] = [parseAuthority(host), readRequest({ method, target, host })];
  if (authority === undefined || read.kind === 'unreadable') throw new Error(`${host} ${line}`);
  return decideOperation(rules, {
    authority,
    operation: read.operation,
    contact: 'Ada',
    ...(known === undefined ? {} : { known }),
  });
}

describe('a request', () => {
  const rules = rulesOf({ rules: [{ repository: 'ghcr.io/acme/**', action: 'allow' }] });

  test.each([
    'GET /v2/REPO/manifests/latest',
    `HEAD /v2/REPO/manifests/${one}`,
    `GET /v2/REPO/blobs/${one}`,
    'GET /v2/REPO/tags/list',
    `GET /v2/REPO/referrers/${one}`,
    'PUT /v2/REPO/manifests/latest',
    `DELETE /v2/REPO/manifests/${one}`,
    'POST /v2/REPO/blobs/uploads/',
    'PATCH /v2/REPO/blobs/uploads/x',
    `POST /v2/acme/a/blobs/uploads/?mount=${one}&from=REPO`,
    `POST /v2/REPO/blobs/uploads/?mount=${one}&from=acme/a`,
    'GET /token?service=x&scope=repository:REPO:pull',
    'GET /token?service=x&scope=repository:acme/a:pull&scope=repository:REPO:push',
  ])('that names a repository is decided: %s', (line) => {
    expect(words(ask(rules, 'ghcr.io', line.replace('REPO', 'acme/b')))).toBe('rules[0]');
    expect(words(ask(rules, 'ghcr.io', line.replace('REPO', 'evil/b')))).toContain('no: no rule names');
  });

  test.each(['GET /v2/', 'GET /v2/_catalog', 'GET /file', 'GET /token?service=x'])(
    'that names none is not: %s',
    (line) => {
      expect(ask(rules, 'ghcr.io', line).verdict).toBe('permit');
    },
  );

  test('for a token of the Hub is for repositories of the Hub', () => {
    const hub = rulesOf({ hub: { official: true } });
    const line = 'GET /token?scope=repository:library/nginx:pull&service=x';
    expect(words(ask(hub, 'auth.docker.io', line))).toBe('hub.official');
    expect(words(ask(hub, 'auth.example', line))).toContain('no: no rule names');
    expect(words(ask(hub, 'auth.docker.io', line.replace('library/nginx', 'me/x')))).toContain(
      'no: community',
    );
  });

  test('to a mirror is decided by the registry it is to stand in for as well', () => {
    const both = rulesOf({
      hub: { official: true },
      rules: [{ repository: 'mirror.example/**', action: 'allow' }],
    });
    const line = (ns: string): string => `GET /v2/library/nginx/manifests/1?ns=${ns}`;
    expect(words(ask(both, 'mirror.example', line('docker.io')))).toBe('hub.official');
    expect(words(ask(both, 'mirror.example', line('evil.example')))).toContain('no: no rule names');
    expect(words(ask(both, 'other.example', line('docker.io')))).toContain('no: no rule names');
  });

  test('to a mirror has the contents both names have', () => {
    const pinned = rulesOf({
      rules: [
        { repository: 'm.example/a', action: 'allow', digests: [one, other] },
        { repository: 'ghcr.io/a', action: 'allow', digests: [one] },
        { repository: 'ghcr.io/a', action: 'deny', digests: [other] },
      ],
    });
    expect(ask(pinned, 'm.example', 'GET /v2/a/manifests/1?ns=ghcr.io')).toMatchObject({
      digests: new Set([one]),
      deniedDigests: new Map([[other, 'bulkhead.imageAccess.rules[2]']]),
    });
  });
});

describe('the parts of an image whose digest is pinned', () => {
  const rules = rulesOf({ rules: [{ repository: 'ghcr.io/a', action: 'allow', digests: [one] }] });
  const [config, layer, child] = [digestOf('c'), digestOf('d'), digestOf('e')];

  test('are let through once it was', () => {
    const known = new AdmittedContents();
    const get = (kind: string, digest: string): string =>
      words(ask(rules, 'ghcr.io', `GET /v2/a/${kind}/${digest}`, known));
    expect(get('manifests', child)).toContain('no: other versions');
    known.admit('ghcr.io/a', contentsOf(JSON.stringify({ manifests: [{ digest: child, size: 1 }] })));
    expect(get('manifests', child)).toBe('rules[0]');
    expect(get('blobs', layer)).toContain('no: other versions');
    known.admit(
      'ghcr.io/a',
      contentsOf(JSON.stringify({ config: { digest: config }, layers: [{ digest: layer }] })),
    );
    expect([get('blobs', config), get('blobs', layer)]).toEqual(['rules[0]', 'rules[0]']);
    expect(get('manifests', other)).toContain('no: other versions');
  });

  test('are taken over into another repository then, and no others', () => {
    const both = rulesOf({
      rules: [
        { repository: 'ghcr.io/a', action: 'allow', digests: [one] },
        { repository: 'ghcr.io/mine', action: 'allow' },
      ],
    });
    const known = new AdmittedContents();
    const mount = (digest: string): string =>
      words(ask(both, 'ghcr.io', `POST /v2/mine/blobs/uploads/?mount=${digest}&from=a`, known));
    expect(mount(layer)).toContain('no: other versions');
    known.admit('ghcr.io/a', [layer]);
    expect([mount(layer), mount(other).slice(0, 18)]).toEqual(['rules[0]', 'no: other versions']);
  });

  test('are at a mirror what the mirror has said, and nowhere else', () => {
    const both = rulesOf({
      rules: [
        { repository: 'ghcr.io/a', action: 'allow', tags: ['1'] },
        { repository: 'm.example/a', action: 'allow', tags: ['1'] },
      ],
    });
    const known = new AdmittedContents();
    known.admit('m.example/a', [layer]);
    const get = (host: string, ns: string): string =>
      words(ask(both, host, `GET /v2/a/blobs/${layer}${ns}`, known));
    expect(get('m.example', '?ns=ghcr.io')).toBe('rules[0]');
    expect(get('ghcr.io', '')).toContain('no: other versions');
    expect(get('ghcr.io', '?ns=m.example')).toContain('no: other versions');
  });

  test('are none of what is no manifest', () => {
    for (const text of ['', '[]', '{', '{"layers":[{"digest":"x"}]}', '{"layers":1}'])
      expect(contentsOf(text)).toEqual([]);
  });

  test('are none of what names more than any image has', () => {
    const naming = (count: number): string =>
      JSON.stringify({ manifests: Array.from({ length: count }, () => ({ digest: one })) });
    expect(contentsOf(naming(10_000))).toHaveLength(10_000);
    expect(contentsOf(naming(10_001))).toEqual([]);
  });

  test('are forgotten where there are very many, the oldest first', () => {
    const known = new AdmittedContents(2);
    known.admit('a', [one]);
    known.admit('a', [other]);
    known.admit('a', [one]);
    known.admit('a', [layer]);
    expect([one, other, layer].map((digest) => known.has('a', digest))).toEqual([true, false, true]);
  });
});
