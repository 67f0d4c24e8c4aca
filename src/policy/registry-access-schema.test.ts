import { describe, expect, test } from 'vitest';
import { readSettings } from './read-settings.js';

function problemsOf(registryAccess: unknown): string[] {
  const text = JSON.stringify({ configurationFileVersion: 2, bulkhead: { registryAccess } });
  const { problems } = readSettings(Buffer.from(text), 'p.json');
  return (problems ?? []).map(({ params }) => `${params['key']}: ${params['reason']}`);
}

describe('bulkhead.registryAccess', () => {
  test('what is left out', () => {
    const rule = { host: 'ghcr.io', alsoHosts: [{ host: '*.cdn.example' }] };
    const text = JSON.stringify({
      configurationFileVersion: 2,
      bulkhead: { registryAccess: { rules: [rule] } },
    });
    expect(readSettings(Buffer.from(text), 'p.json').settings?.bulkhead?.registryAccess).toEqual({
      rules: [
        {
          host: 'ghcr.io',
          port: 443,
          pull: true,
          push: false,
          alsoHosts: [{ host: '*.cdn.example', port: 443, role: 'blobs' }],
        },
      ],
    });
  });

  test.each([
    'ghcr.io',
    'GHCR.IO',
    'ghcr.io.',
    '*.amazonaws.com',
    '10.0.0.5',
    '::1',
    '[::1]',
    'localhost',
    'registry',
    'xn--bcher-kva.example',
  ])('the host %s is taken', (host) => {
    expect(problemsOf({ rules: [{ host }] })).toEqual([]);
  });

  test.each([
    '',
    '*',
    '*.',
    '*.*.example',
    'a.*.example',
    '*example',
    '**.example',
    '*.10.0.0.5',
    '10.0.0.0/8',
    '10.0.5',
    '0x7f.1',
    'ghcr.io:443',
    'https://ghcr.io',
    'ghcr.io/acme',
    'bücher.example',
    'a b',
  ])('the host %j is refused', (host) => {
    const reason = 'not a host such as ghcr.io, *.example.com or 10.0.0.5; a port has a key of its own';
    expect(problemsOf({ rules: [{ host }] })).toEqual([`bulkhead.registryAccess.rules[0].host: ${reason}`]);
    expect(problemsOf({ rules: [{ host: 'a.example', alsoHosts: [{ host }] }] })).toEqual([
      `bulkhead.registryAccess.rules[0].alsoHosts[0].host: ${reason}`,
    ]);
  });

  test.each([
    [{}, 'rules'],
    [{ rules: {} }, 'rules'],
    [{ rules: [], default: 'allow' }, 'default'],
    [{ rules: [{}] }, 'rules[0].host'],
    [{ rules: [{ host: 'a.example', port: 0 }] }, 'rules[0].port'],
    [{ rules: [{ host: 'a.example', port: '443' }] }, 'rules[0].port'],
    [{ rules: [{ host: 'a.example', port: 65_536 }] }, 'rules[0].port'],
    [{ rules: [{ host: 'a.example', push: 'yes' }] }, 'rules[0].push'],
    [{ rules: [{ host: 'a.example', pul: true }] }, 'rules[0].pul'],
    [{ rules: [{ host: 'a.example', alsoHosts: ['b.example'] }] }, 'rules[0].alsoHosts[0]'],
    [
      { rules: [{ host: 'a.example', alsoHosts: [{ host: 'b.example', role: 'all' }] }] },
      'rules[0].alsoHosts[0].role',
    ],
  ])('%j is refused at %s', (access, key) => {
    const [problem] = problemsOf(access);
    expect(problem).toMatch(
      new RegExp(`^bulkhead\\.registryAccess\\.${key.replaceAll(/[[\].]/g, String.raw`\$&`)}: `),
    );
  });

  test('two rules for one host and port are told of, in whichever spelling', () => {
    const rules = [
      { host: 'a.example' },
      { host: 'docker.io' },
      { host: 'A.Example.' },
      { host: 'a.example', port: 5000 },
      { host: 'registry-1.docker.io' },
    ];
    expect(problemsOf({ rules })).toEqual([
      'bulkhead.registryAccess.rules[2].host: rule 0 is for it already',
      'bulkhead.registryAccess.rules[4].host: rule 1 is for it already',
    ]);
  });

  test('fifty thousand rules are within what a policy may be', () => {
    const rules = Array.from({ length: 50_000 }, (_, index) => ({
      host: `registry-${index}.some-organization.example.com`,
      push: true,
    }));
    expect(problemsOf({ rules })).toEqual([]);
  });
});
