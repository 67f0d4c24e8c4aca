import { describe, expect, test } from 'vitest';
import { publishersAt } from '../../policy/index.js';
import { readSettings } from '../../policy/read-settings.js';
import { compileRules } from '../compiled-rules.js';
import { canonicalImage } from '../names/canonical-image.js';
import type { Access } from '../registry-requests/operation.js';
import { type ExplainedImage, explainImage } from './explain-image.js';

function explain(bulkhead: object, text: string, operation: Access = 'pull'): ExplainedImage {
  const document = JSON.stringify({ configurationFileVersion: 2, bulkhead });
  const { settings, problems } = readSettings(Buffer.from(document), 'p.json');
  const image = canonicalImage(text);
  if (problems !== undefined || image === undefined) throw problems?.[0] ?? new Error(text);
  return explainImage(compileRules(settings, publishersAt(undefined, 0)), image, operation);
}

const digest = `sha256:${'ab'.repeat(32)}`;

describe('an image is explained', () => {
  test('where nothing is restricted', () => {
    expect(explain({}, 'nginx')).toEqual({
      operation: 'pull',
      image: 'docker.io/library/nginx:latest',
      host: 'registry-1.docker.io',
      verdict: 'permitted',
      rules: [],
      notes: ['The policy restricts neither registries nor images.'],
    });
  });

  test('by both rules, each of which can refuse it', () => {
    const registryAccess = { rules: [{ host: 'ghcr.io' }] };
    const imageAccess = {
      rules: [
        { repository: 'ghcr.io/acme/*', action: 'allow' },
        { repository: 'quay.io/a', action: 'allow' },
      ],
    };
    const of = (text: string, operation?: Access): string[] =>
      explain({ contact: 'Ada', registryAccess, imageAccess }, text, operation).rules.map(
        ({ rule, verdict }) => `${rule} ${verdict}`,
      );
    expect(of('ghcr.io/acme/a')).toEqual(['registry-access permitted', 'image-access permitted']);
    expect(of('ghcr.io/acme/a', 'push')).toEqual(['registry-access refused', 'image-access permitted']);
    expect(of('ghcr.io/other/a')).toEqual(['registry-access permitted', 'image-access refused']);
    expect(of('quay.io/a')).toEqual(['registry-access refused', 'image-access permitted']);
    expect(explain({ contact: 'Ada', registryAccess }, 'quay.io:5000/a').rules[0]?.why).toContain(
      'Access to quay.io:5000 has been restricted by your administrators',
    );
  });

  test('with what only the registry can tell', () => {
    const imageAccess = {
      rules: [
        { repository: 'ghcr.io/a', action: 'allow', digests: [digest] },
        { repository: 'ghcr.io/b', action: 'deny', digests: [digest] },
      ],
      default: 'allow',
    };
    expect(explain({ imageAccess }, 'ghcr.io/a').notes).toEqual([
      `The registry must answer with one of: ${digest}.`,
    ]);
    expect(explain({ imageAccess }, 'ghcr.io/b').notes).toEqual([
      `The registry must not answer with any of: ${digest}.`,
    ]);
    expect(explain({ imageAccess }, `ghcr.io/b@${digest}`).verdict).toBe('refused');
  });

  test('on the engine itself as everywhere, and how it is reached there is said', () => {
    const imageAccess = { rules: [{ repository: 'localhost:5000/team/*', action: 'allow' }] };
    const of = (text: string): [string, number] => {
      const { verdict, notes } = explain({ imageAccess }, text);
      return [verdict, notes.filter((note) => note.includes('on the engine itself')).length];
    };
    expect(of('localhost:5000/team/x')).toEqual(['permitted', 1]);
    expect(of('localhost:5000/other/x')).toEqual(['refused', 1]);
    expect(of('127.0.0.1:5000/team/x')).toEqual(['refused', 1]);
    expect(of('ghcr.io/team/x')).toEqual(['refused', 0]);
  });

  test('by way of a mirror where the registry itself is not open, and of no other', () => {
    const registryAccess = { rules: [{ host: 'mirror.example', port: 5000 }] };
    const mirrors = [
      { source: 'docker.io', mirror: 'closed.example' },
      { source: 'docker.io', mirror: 'mirror.example:5000/hub' },
    ];
    const imageAccess = { hub: { official: true }, mirrors };
    const explained = explain({ registryAccess, imageAccess }, 'nginx');
    expect(explained).toMatchObject({ verdict: 'permitted', host: 'mirror.example:5000' });
    expect(explained.notes[0]).toContain('the mirror mirror.example:5000');
    expect(explain({ registryAccess, imageAccess }, 'nginx', 'push').verdict).toBe('refused');
    expect(explain({ registryAccess, imageAccess }, 'ghcr.io/a').host).toBe('ghcr.io');
    const atMirror = explain({ registryAccess, imageAccess }, 'mirror.example:5000/hub/nginx');
    expect(atMirror).toMatchObject({ verdict: 'permitted', host: 'mirror.example:5000' });
    expect(atMirror.notes[0]).toBe('It is decided as docker.io/library/nginx, whose mirror this is.');
  });
});
