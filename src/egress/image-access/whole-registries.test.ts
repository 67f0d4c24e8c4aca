import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ImageAccess } from '../../policy/index.js';
import { settingsOf } from '../test-support/settings.js';
import { decide, rulesOf } from './rules.test-support.js';
import { compileWholeRegistries, decideWholeRegistry } from './whole-registries.js';

const digest = `sha256:${'ab'.repeat(32)}`;

function accessOf(imageAccess: object): ImageAccess {
  const { bulkhead } = settingsOf({ bulkhead: { imageAccess } });
  if (bulkhead?.imageAccess === undefined) throw new Error('it was not read');
  return bulkhead.imageAccess;
}

/** `HOST:PORT` as a connection has them: what admits all of it, or not all; `?` where nobody knows that it is a registry. */
function answer(imageAccess: object, destination: string): string {
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(destination) ?? [];
  const rules = compileWholeRegistries(accessOf(imageAccess));
  const { admitted, isKnown, place } = decideWholeRegistry(rules, host, Number(port));
  const short = place.replace('bulkhead.imageAccess.', '');
  return `${admitted ? 'all' : 'not all'}: ${short}${isKnown ? '' : ' ?'}`;
}

describe('of a registry all is admitted', () => {
  const rules = [
    { repository: 'ghcr.io/**', action: 'allow' },
    { repository: 'quay.io/acme/**', action: 'allow' },
    { repository: 'closed.example/**', action: 'deny' },
    { repository: 'partly.example/**', action: 'allow' },
    { repository: 'partly.example/secret/*', action: 'deny' },
    { repository: 'tags.example/**', action: 'allow', tags: ['v*'] },
    { repository: 'pinned.example/**', action: 'allow' },
    { repository: 'pinned.example/tool', action: 'allow', digests: [digest] },
    { repository: 'contents.example/**', action: 'allow' },
    { repository: 'contents.example/tool', action: 'deny', digests: [digest] },
    { repository: '*.corp.example/**', action: 'allow' },
    { repository: '*.lab.corp.example/x', action: 'deny' },
    { repository: 'open.lab.corp.example/**', action: 'allow' },
    { repository: 'ports.example:5000/**', action: 'allow' },
    { repository: '10.0.0.5/**', action: 'allow' },
    { repository: '[2001:db8::1]:5000/**', action: 'allow' },
  ];

  test.each([
    ['ghcr.io:443', 'all: rules[0]'],
    ['ghcr.io:80', 'all: rules[0]'],
    ['ghcr.io:8443', 'not all: default ?'],
    ['pkg.ghcr.io:443', 'not all: default ?'],
    ['quay.io:443', 'not all: default'],
    ['closed.example:443', 'not all: rules[2]'],
    ['partly.example:443', 'not all: rules[4]'],
    ['tags.example:443', 'not all: rules[5]'],
    ['pinned.example:443', 'not all: rules[7]'],
    ['contents.example:443', 'not all: rules[9]'],
    ['corp.example:443', 'not all: default ?'],
    ['a.corp.example:443', 'all: rules[10] ?'],
    ['a.b.corp.example:443', 'all: rules[10] ?'],
    ['a.corp.example:5000', 'not all: default ?'],
    ['a.lab.corp.example:443', 'not all: rules[11] ?'],
    ['open.lab.corp.example:443', 'all: rules[12]'],
    ['ports.example:5000', 'all: rules[13]'],
    ['ports.example:443', 'not all: default ?'],
    ['10.0.0.5:443', 'all: rules[14]'],
    ['2001:db8::1:5000', 'all: rules[15]'],
    ['10.0.0.6:443', 'not all: default ?'],
    ['registry-1.docker.io:443', 'not all: default'],
  ])('%s: %s', (destination, expected) => {
    expect(answer({ rules }, destination)).toBe(expected);
  });

  test.each([
    [{}, 'not all: default'],
    [{ default: 'allow' }, 'all: default'],
    [{ default: 'allow', hub: {} }, 'not all: hub'],
    [{ hub: { official: true, community: true } }, 'all: hub'],
    [{ hub: { official: true, verifiedPublishers: true } }, 'not all: hub'],
    [{ hub: { community: true } }, 'not all: hub'],
    [
      { hub: { official: true, community: true }, rules: [{ repository: 'nginx', action: 'deny' }] },
      'not all: rules[0]',
    ],
    [{ hub: {}, rules: [{ repository: 'docker.io/**', action: 'allow' }] }, 'all: rules[0]'],
    [{ default: 'allow', rules: [{ repository: '*.io/x', action: 'deny' }] }, 'not all: rules[0]'],
  ])('of the Hub, by %j: %s, at each of its hosts and ports', (imageAccess, expected) => {
    for (const host of ['docker.io', 'registry-1.docker.io', 'index.docker.io', 'auth.docker.io'])
      for (const port of [443, 80, 5000]) expect(answer(imageAccess, `${host}:${port}`)).toBe(expected);
  });

  test('of a mirror never: who reaches it can push to it', () => {
    const mirrors = [
      { source: 'ghcr.io', mirror: 'mirror.example' },
      { source: 'ghcr.io/acme', mirror: 'ghcr.io/copies' },
    ];
    expect(answer({ mirrors, default: 'allow' }, 'mirror.example:443')).toBe('not all: mirrors');
    expect(answer({ rules, mirrors }, 'ghcr.io:443')).toBe('not all: mirrors');
  });

  test('of an address that nobody has named only where nothing is refused anywhere', () => {
    const open = { default: 'allow', hub: { official: true, community: true } };
    expect(answer(open, '203.0.113.5:443')).toBe('all: default ?');
    expect(answer({ default: 'allow' }, '203.0.113.5:443')).toBe('all: default ?');
    expect(answer({ default: 'allow', hub: { official: true } }, '203.0.113.5:443')).toBe(
      'not all: default ?',
    );
    const denied = [{ repository: 'ghcr.io/x', action: 'deny' }];
    expect(answer({ ...open, rules: denied }, '203.0.113.5:443')).toBe('not all: default ?');
    expect(answer({ ...open, rules: denied }, 'quay.io:443')).toBe('all: default ?');
  });

  test('of what is no host it is not', () => {
    expect(answer({ default: 'allow' }, '0x7f.1:443')).toBe('not all: bulkhead.imageAccess ?');
  });
});

const registry = fc.constantFrom(
  'docker.io',
  'ghcr.io',
  '*.io',
  'a.corp.example',
  '*.corp.example',
  '10.0.0.5',
);
const path = fc.constantFrom('**', 'acme/**', 'library/**', 'acme/x', '*/x', 'x*');
const rule = fc.record(
  {
    repository: fc.tuple(registry, path).map((parts) => parts.join('/')),
    action: fc.constantFrom('allow', 'allow', 'allow', 'deny'),
    tags: fc.constant(['v*']),
    digests: fc.constant([digest]),
  },
  { requiredKeys: ['repository', 'action'] },
);
const imageAccess = fc.record(
  {
    default: fc.constantFrom('allow', 'deny'),
    rules: fc.array(rule, { maxLength: 5 }),
    hub: fc.record({ official: fc.boolean(), verifiedPublishers: fc.boolean(), community: fc.boolean() }),
    mirrors: fc.constant([{ source: 'quay.io', mirror: 'a.corp.example/quay' }]),
  },
  { requiredKeys: ['default', 'rules'] },
);
const place = fc.constantFrom(
  'registry-1.docker.io',
  'ghcr.io',
  'quay.io',
  'a.corp.example',
  'b.corp.example',
  '10.0.0.5',
);
const image = fc.constantFrom('acme/x', 'library/nginx', 'grafana/x', 'a/b/c', 'quay/x');
const version = fc.constantFrom(':v1', ':1', `:1@${digest}`, `@sha256:${'0'.repeat(64)}`);

test('where all of a registry is admitted, so is every image of it, whatever it holds, to be pulled and pushed', () => {
  let whole = 0;
  fc.assert(
    fc.property(
      imageAccess,
      place,
      image,
      version,
      fc.constantFrom('pull', 'push'),
      (access, host, path, which, what) => {
        const rules = compileWholeRegistries(accessOf(access));
        if (!decideWholeRegistry(rules, host, 443).admitted) return;
        whole += 1;
        const verdict = decide(rulesOf(access, ['grafana']), `${host}/${path}${which}`, what);
        expect([verdict.verdict, Object.keys(verdict)]).toEqual(['permit', ['verdict', 'place']]);
      },
    ),
    { numRuns: 2000 },
  );
  expect(whole).toBeGreaterThan(100);
});

test('where one of these images is refused, the registry is not admitted', () => {
  fc.assert(
    fc.property(imageAccess, place, image, version, (access, host, path, which) => {
      if (decide(rulesOf(access, ['grafana']), `${host}/${path}${which}`).verdict === 'permit') return;
      expect(decideWholeRegistry(compileWholeRegistries(accessOf(access)), host, 443).admitted).toBe(false);
    }),
    { numRuns: 2000 },
  );
});
