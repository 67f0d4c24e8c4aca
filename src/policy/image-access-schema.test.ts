import { describe, expect, test } from 'vitest';
import { readSettings } from './read-settings.js';

function read(imageAccess: unknown) {
  const text = JSON.stringify({ configurationFileVersion: 2, bulkhead: { imageAccess } });
  return readSettings(Buffer.from(text), 'p.json');
}

const digest = `sha256:${'ab'.repeat(32)}`;

describe('bulkhead.imageAccess', () => {
  test('what is left out is the stricter', () => {
    expect(read({}).settings?.bulkhead?.imageAccess).toEqual({
      default: 'deny',
      load: 'deny',
      containers: 'refuse',
    });
    expect(read({ hub: {} }).settings?.bulkhead?.imageAccess?.hub).toEqual({
      organizations: [],
      official: false,
      verifiedPublishers: false,
      community: false,
      repositories: [],
    });
  });

  test.each([
    'nginx',
    'someuser/x',
    'someuser/*',
    'someuser/**',
    'ghcr.io/acme/tool',
    'ghcr.io/acme/*',
    'ghcr.io/*/tool',
    'ghcr.io/acme/a-*-b',
    'GHCR.io:443/acme',
    'ghcr.io/**',
    'docker.io/**',
    'localhost/**',
    'localhost:5000/**',
    '[::1]:5000/**',
    '*.example.com/**',
    '*.example.com:5000/a',
    '10.0.0.5/a',
  ])('the repository %s is taken', (repository) => {
    expect(read({ rules: [{ repository, action: 'allow' }] }).problems).toBeUndefined();
  });

  test.each([
    '',
    '*/a/**/b',
    '**/a',
    'a/**b',
    'ghcr.io/',
    'ghcr.io//a',
    'ghcr.io/a/',
    '/a',
    'ghcr.io/A',
    'ghcr.io/a:1',
    `ghcr.io/a@${digest}`,
    'https://ghcr.io/a',
    'ghcr.*/a',
    '*ghcr.io/a',
    '*.*.io/a',
    '*.10.0.0.5/a',
    'ghcr.io:0/a',
    '0x7f.1/a',
    '127.1/**',
    'ghcr.io/a b',
    'ghcr.io/a/../b',
  ])('the repository %j is refused', (repository) => {
    expect(
      read({ rules: [{ repository, action: 'allow' }] }).problems?.map(({ params }) => params['key']),
    ).toEqual(['bulkhead.imageAccess.rules[0].repository']);
  });

  const allow = { repository: 'ghcr.io/a', action: 'allow' };
  test.each([
    [{ rules: [{ repository: 'nginx' }] }, 'rules[0].action'],
    [{ rules: [{ ...allow, action: 'permit' }] }, 'rules[0].action'],
    [{ rules: [{ ...allow, tags: [] }] }, 'rules[0].tags'],
    [{ rules: [{ ...allow, tags: ['a:b'] }] }, 'rules[0].tags[0]'],
    [{ rules: [{ ...allow, tags: ['-a'] }] }, 'rules[0].tags[0]'],
    [{ rules: [{ ...allow, digests: [] }] }, 'rules[0].digests'],
    [{ rules: [{ ...allow, digests: ['sha256:ab'] }] }, 'rules[0].digests[0]'],
    [{ rules: [{ ...allow, digest: [digest] }] }, 'rules[0].digest'],
    [{ hub: { organizations: ['Acme'] } }, 'hub.organizations[0]'],
    [{ hub: { organizations: ['acme/tool'] } }, 'hub.organizations[0]'],
    [{ hub: { organizations: 'acme' } }, 'hub.organizations'],
    [{ hub: { repositories: ['ghcr.io/a'] } }, 'hub.repositories[0]'],
    [{ hub: { repositories: ['localhost:5000/a'] } }, 'hub.repositories[0]'],
    [{ hub: { repositories: ['a:1'] } }, 'hub.repositories[0]'],
    [{ hub: { repositories: ['A/b'] } }, 'hub.repositories[0]'],
    [{ hub: { offical: true } }, 'hub.offical'],
    [{ default: 'ask' }, 'default'],
    [{ load: true }, 'load'],
    [{ mirrors: [{ source: 'docker.io' }] }, 'mirrors[0].mirror'],
    [{ mirrors: [{ source: 'library', mirror: 'm.example' }] }, 'mirrors[0].source'],
    [{ mirrors: [{ source: 'docker.io/*', mirror: 'm.example' }] }, 'mirrors[0].source'],
    [{ mirrors: [{ source: 'docker.io', mirror: 'https://m.example' }] }, 'mirrors[0].mirror'],
    [{ publishers: { file: '../list.json' } }, 'publishers.file'],
    [{ publishers: { file: '/etc/list.json' } }, 'publishers.file'],
    [{ publishers: { file: '.hidden' } }, 'publishers.file'],
    [{ publishers: {} }, 'publishers.file'],
    [{ exempt: ['root'] }, 'exempt'],
  ])('%j is refused at %s', (imageAccess, key) => {
    expect(read(imageAccess).problems?.map(({ params }) => params['key'])).toEqual([
      `bulkhead.imageAccess.${key}`,
    ]);
  });
});
