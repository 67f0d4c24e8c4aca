import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AdmittedContents } from './known-contents.js';
import { decide, rulesOf, words } from './rules.test-support.js';

const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;
const [one, other] = [digestOf('a'), digestOf('b')];

describe('an image of Docker Hub', () => {
  const hub = { organizations: ['acme'], repositories: ['someuser/ok', 'library/alpine'] };

  test.each([
    ['nginx', {}, 'no: official images not allowed (hub.official)'],
    ['nginx', { official: true }, 'hub.official'],
    ['docker.io/library/nginx:1', { official: true }, 'hub.official'],
    ['someuser/x', { official: true }, 'no: community images not allowed (hub.community)'],
    ['someuser/x', { community: true }, 'hub.community'],
    ['nginx', { community: true }, 'no: official images not allowed (hub.official)'],
    ['acme/tool', {}, 'hub.organizations'],
    ['acme/tool/more', {}, 'hub.organizations'],
    ['acmes/tool', {}, 'no: community images not allowed (hub.community)'],
    ['publisher/x', {}, 'no: verified publisher images not allowed (hub.verifiedPublishers)'],
    ['publisher/x', { verifiedPublishers: true }, 'hub.verifiedPublishers'],
    ['publisher/x', { community: true }, 'hub.verifiedPublishers'],
    ['someuser/ok', {}, 'hub.repositories[0]'],
    ['someuser/ok/more', {}, 'no: community images not allowed (hub.community)'],
    ['alpine', {}, 'hub.repositories[1]'],
    ['Registry-1.Docker.io/someuser/ok', {}, 'hub.repositories[0]'],
    [
      'registry.hub.docker.com/someuser/x',
      { official: true },
      'no: community images not allowed (hub.community)',
    ],
    [
      'registry.ipv6.docker.com/someuser/x',
      { official: true },
      'no: community images not allowed (hub.community)',
    ],
    ['ghcr.io/acme/tool', {}, 'no: no rule names its repository (default)'],
    ['docker.io:5000/acme/tool', {}, 'no: no rule names its repository (default)'],
  ])('%s with %j', (image, categories, expected) => {
    expect(words(decide(rulesOf({ hub: { ...hub, ...categories } }, ['publisher']), image))).toBe(expected);
  });

  test('whose publisher is verified is no more so than the list is in order', () => {
    const missing = 'the list of verified publishers is out of date since 2026-01-01T00:00:00Z';
    const stale = { namespaces: new Set<string>(), missing };
    const rules = rulesOf({ hub: { verifiedPublishers: true } }, stale);
    expect(words(decide(rules, 'publisher/x'))).toBe(
      `no: ${missing}, and community images not allowed (hub.community)`,
    );
    expect(words(decide(rulesOf({ hub: { official: true } }, stale), 'publisher/x'))).toBe(
      'no: community images not allowed (hub.community)',
    );
  });

  test('is refused in the words Docker has, with rule, setting and contact', () => {
    const verdict = decide(rulesOf({ hub: {} }), 'someuser/x:1');
    expect(verdict).toMatchObject({
      error: {
        message:
          'image access denied: community images not allowed: docker.io/someuser/x:1 is refused by rule image-access (bulkhead.imageAccess.hub.community). Setting: bulkhead.imageAccess. Use an image that is allowed, or ask Ada.',
      },
    });
  });

  test('is one like others where the policy has no categories', () => {
    expect(words(decide(rulesOf({}), 'nginx'))).toBe('no: no rule names its repository (default)');
    expect(words(decide(rulesOf({ default: 'allow' }), 'nginx'))).toBe('default');
    expect(words(decide(rulesOf({ default: 'allow', hub: {} }), 'nginx'))).toContain(
      'official images not allowed',
    );
    expect(words(decide(rulesOf({ default: 'allow', hub: {} }), 'ghcr.io/a'))).toBe('default');
  });
});

describe('a rule', () => {
  const rules = rulesOf({
    hub: { official: true },
    rules: [
      { repository: 'ghcr.io/acme/**', action: 'allow' },
      { repository: 'ghcr.io/acme/secret-*', action: 'deny' },
      { repository: 'ghcr.io/acme/secret-but-open', action: 'allow' },
      { repository: 'ghcr.io/*/base', action: 'allow' },
      { repository: '*.example.com/**', action: 'allow' },
      { repository: 'closed.example.com/**', action: 'deny' },
      { repository: 'quay.io/x', action: 'allow' },
      { repository: 'quay.io/x', action: 'deny' },
      { repository: 'GHCR.io:443/spelt', action: 'allow' },
      { repository: 'redis', action: 'deny' },
      { repository: 'someuser/*', action: 'allow' },
      { repository: 'localhost:5000/**', action: 'allow' },
    ],
  });

  test.each([
    ['ghcr.io/acme/tool', 'rules[0]'],
    ['ghcr.io/acme/a/b/c', 'rules[0]'],
    ['GHCR.IO:443/acme/tool', 'rules[0]'],
    ['ghcr.io/acme', 'no: no rule names its repository (default)'],
    ['ghcr.io/acmes/tool', 'no: no rule names its repository (default)'],
    ['ghcr.io:5000/acme/tool', 'no: no rule names its repository (default)'],
    ['ghcr.io/acme/secret-tool', 'no: a rule denies it (rules[1])'],
    ['ghcr.io/acme/secret-but-open', 'rules[2]'],
    ['ghcr.io/acme/secret-a/b', 'rules[0]'],
    ['ghcr.io/other/base', 'rules[3]'],
    ['ghcr.io/other/base/more', 'no: no rule names its repository (default)'],
    ['a.example.com/x', 'rules[4]'],
    ['a.b.example.com/x/y', 'rules[4]'],
    ['example.com/x', 'no: no rule names its repository (default)'],
    ['evilexample.com/x', 'no: no rule names its repository (default)'],
    ['closed.example.com/x', 'no: a rule denies it (rules[5])'],
    ['quay.io/x', 'no: a rule denies it (rules[7])'],
    ['ghcr.io/spelt', 'rules[8]'],
    ['redis', 'no: a rule denies it (rules[9])'],
    ['nginx', 'hub.official'],
    ['someuser/x', 'rules[10]'],
    ['someuser/x/y', 'no: community images not allowed (hub.community)'],
    ['localhost:5000/a', 'rules[11]'],
    ['localhost/a', 'no: no rule names its repository (default)'],
  ])('decides %s', (image, expected) => {
    expect(words(decide(rules, image))).toBe(expected);
    expect(words(decide(rules, image, 'push'))).toBe(expected);
  });

  test('for some versions refuses the others, and says what a tag may be', () => {
    const pinned = rulesOf({
      default: 'allow',
      rules: [
        { repository: 'ghcr.io/a', action: 'allow', digests: [one] },
        { repository: 'ghcr.io/b', action: 'allow', tags: ['1.*', 'stable'] },
        { repository: 'ghcr.io/c', action: 'allow', tags: ['1.*'], digests: [one] },
        { repository: 'ghcr.io/**', action: 'allow' },
      ],
    });
    expect(words(decide(pinned, `ghcr.io/a@${one}`))).toBe('rules[0]');
    expect(words(decide(pinned, `ghcr.io/a@${other}`))).toBe(
      'no: other versions of it are allowed (rules[0])',
    );
    expect(decide(pinned, 'ghcr.io/a')).toEqual({
      verdict: 'permit',
      place: 'bulkhead.imageAccess.rules[0]',
      digests: new Set([one]),
    });
    expect(words(decide(pinned, `ghcr.io/a:x@${other}`))).toContain('no: other versions');
    expect(words(decide(pinned, 'ghcr.io/b:1.27'))).toBe('rules[1]');
    expect(words(decide(pinned, 'ghcr.io/b:stable'))).toBe('rules[1]');
    for (const text of [
      'ghcr.io/b',
      'ghcr.io/b:10',
      'ghcr.io/b:11.27',
      'ghcr.io/b:stable2',
      `ghcr.io/b@${one}`,
    ])
      expect(words(decide(pinned, text))).toBe('no: other versions of it are allowed (rules[1])');
    expect(decide(pinned, 'ghcr.io/c:1.0')).not.toHaveProperty('digests');
    expect(decide(pinned, 'ghcr.io/c:2')).toMatchObject({ digests: new Set([one]) });
    expect(words(decide(pinned, 'ghcr.io/d:2'))).toBe('rules[3]');
  });

  test('for some versions admits what is in a manifest that was admitted, and of that repository alone', () => {
    const pinned = rulesOf({ rules: [{ repository: 'ghcr.io/*', action: 'allow', digests: [one] }] });
    const known = new AdmittedContents();
    known.admit('ghcr.io/a', [other]);
    expect(words(decide(pinned, `ghcr.io/a@${other}`, 'pull', known))).toBe('rules[0]');
    expect(words(decide(pinned, `ghcr.io/b@${other}`, 'pull', known))).toContain('no: other versions');
  });

  test('that denies some versions lets the others be decided as if there were none', () => {
    const denying = rulesOf({
      hub: { official: true },
      rules: [
        { repository: 'nginx', action: 'deny', tags: ['*-alpine'] },
        { repository: 'nginx', action: 'deny', digests: [one] },
        { repository: 'redis', action: 'deny', digests: [one] },
        { repository: 'redis', action: 'allow', tags: ['7'] },
      ],
    });
    expect(words(decide(denying, 'nginx:1-alpine'))).toBe('no: a rule denies it (rules[0])');
    expect(words(decide(denying, `nginx@${one}`))).toBe('no: a rule denies it (rules[1])');
    expect(decide(denying, 'nginx:1')).toEqual({
      verdict: 'permit',
      place: 'bulkhead.imageAccess.hub.official',
      deniedDigests: new Map([[one, 'bulkhead.imageAccess.rules[1]']]),
    });
    expect(words(decide(denying, `nginx@${other}`))).toBe('hub.official');
    expect(words(decide(denying, `redis:7@${one}`))).toBe('no: a rule denies it (rules[2])');
    expect(decide(denying, 'redis:7')).toMatchObject({
      deniedDigests: new Map([[one, 'bulkhead.imageAccess.rules[2]']]),
    });
    expect(decide(denying, 'alpine')).not.toHaveProperty('deniedDigests');
  });

  test('for what is below a domain of one part is for registries there, and one below a host of the Hub not for the Hub', () => {
    const rules = rulesOf({
      default: 'allow',
      rules: [
        { repository: '*.io/x', action: 'deny' },
        { repository: '*.registry-1.docker.io/**', action: 'deny' },
      ],
    });
    expect(words(decide(rules, 'ghcr.io/x'))).toBe('no: a rule denies it (rules[0])');
    expect(words(decide(rules, 'a.registry-1.docker.io/y'))).toBe('no: a rule denies it (rules[1])');
    expect(words(decide(rules, 'a.docker.io/y'))).toBe('default');
    expect(words(decide(rules, 'docker.io/library/y'))).toBe('default');
  });

  test('of several decides which says most, wherever it stands', () => {
    const patterns = [
      'ghcr.io/**',
      'ghcr.io/a/**',
      'ghcr.io/*/c',
      'ghcr.io/a/*',
      'ghcr.io/a/c',
      '*.io/a/c',
      'ghcr.io/a/c*',
    ];
    const expected = [
      'ghcr.io/a/c',
      'ghcr.io/a/c*',
      'ghcr.io/a/*',
      'ghcr.io/*/c',
      'ghcr.io/a/**',
      'ghcr.io/**',
      '*.io/a/c',
    ];
    const left = [...patterns];
    const order: string[] = [];
    while (left.length > 0) {
      const verdict = decide(
        rulesOf({ rules: left.map((repository) => ({ repository, action: 'allow' })) }),
        'ghcr.io/a/c',
      );
      const [, at] = /rules\[(\d+)\]/.exec(words(verdict)) ?? [];
      order.push(...left.splice(Number(at), 1));
    }
    expect(order).toEqual(expected);
  });

  test('that denies comes before one that allows and says as much of the name in another way', () => {
    const allow = { repository: 'ghcr.io/a/*', action: 'allow' };
    const deny = { repository: 'ghcr.io/*/b', action: 'deny' };
    for (const rules of [
      [allow, deny],
      [deny, allow],
    ])
      expect(words(decide(rulesOf({ rules }), 'ghcr.io/a/b'))).toContain('no: a rule denies it');
  });

  test('decides the same in whatever order the rules stand', () => {
    const repository = fc.constantFrom(
      'ghcr.io/**',
      'ghcr.io/a/**',
      'ghcr.io/a/*',
      'ghcr.io/*/b',
      'ghcr.io/a/b',
      '*.io/**',
      'nginx',
      'someuser/**',
    );
    const rule = fc.record({ repository, action: fc.constantFrom('allow', 'deny') });
    const image = fc.constantFrom(
      'ghcr.io/a/b',
      'ghcr.io/a',
      'ghcr.io/a/b/c',
      'quay.io/x',
      'nginx',
      'someuser/x',
    );
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 8 }), image, (list, text) => {
        const [forward, backward] = [list, list.toReversed()].map(
          (rules) => decide(rulesOf({ rules }), text).verdict,
        );
        expect(forward).toBe(backward);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('a mirror', () => {
  const rules = rulesOf({
    hub: { official: true },
    rules: [
      { repository: 'mirror.example/**', action: 'allow' },
      { repository: 'quay.io/a/*', action: 'allow' },
    ],
    mirrors: [
      { source: 'docker.io', mirror: 'mirror.example/hub' },
      { source: 'quay.io/a', mirror: 'mirror.example/hub/quay' },
      { source: 'docker.io', mirror: 'whole.example:5000' },
      { source: 'docker.io/library/nginx', mirror: 'one.example/web' },
    ],
  });

  test.each([
    ['mirror.example/hub/library/nginx', 'hub.official'],
    ['mirror.example/hub/nginx', 'hub.official'],
    ['mirror.example/hub/someuser/x', 'no: community images not allowed (hub.community)'],
    ['mirror.example/hub/quay/b', 'rules[1]'],
    ['mirror.example/hub/quay/b/c', 'no: no rule names its repository (default)'],
    ['mirror.example/other', 'rules[0]'],
    ['mirror.example/hubs/x', 'rules[0]'],
    ['mirror.example/hub', 'rules[0]'],
    ['whole.example:5000/nginx', 'hub.official'],
    ['whole.example:5000/someuser/x', 'no: community images not allowed (hub.community)'],
    ['whole.example/library/nginx', 'no: no rule names its repository (default)'],
    ['one.example/web', 'hub.official'],
    ['one.example/web/more', 'hub.official'],
  ])('has %s', (image, expected) => {
    expect(words(decide(rules, image))).toBe(expected);
  });

  test('is not pushed to, because what is there would be of the source', () => {
    expect(words(decide(rules, 'mirror.example/hub/library/nginx', 'push'))).toBe(
      'no: it is a mirror of docker.io/library/nginx, which nobody pushes to (mirrors)',
    );
    expect(words(decide(rules, 'mirror.example/other', 'push'))).toBe('rules[0]');
  });
});
