import { describe, expect, test } from 'vitest';
import { parseImagePattern, parseImageReference } from './image-reference.js';

const digest = `sha256:${'ab'.repeat(32)}`;

describe('parseImageReference', () => {
  test.each([
    ['docker', 'docker.io/library/docker', undefined],
    ['docker:cli', 'docker.io/library/docker', 'cli'],
    ['testcontainers/ryuk:0.9.0', 'docker.io/testcontainers/ryuk', '0.9.0'],
    ['docker.io/docker:cli', 'docker.io/library/docker', 'cli'],
    ['index.docker.io/library/docker', 'docker.io/library/docker', undefined],
    ['localhost/tool:1', 'localhost/tool', '1'],
    ['localhost:5000/tools/docker:cli', 'localhost:5000/tools/docker', 'cli'],
    ['registry.example.com/a/b/c', 'registry.example.com/a/b/c', undefined],
    ['REGISTRY/a', 'REGISTRY/a', undefined],
    ['[::1]:5000/a:b', '[::1]:5000/a', 'b'],
  ])('%s', (text, repository, tag) => {
    expect(parseImageReference(text)).toEqual({ repository, ...(tag === undefined ? {} : { tag }) });
    expect(parseImageReference(`${text}@${digest}`)).toMatchObject({ repository, digest });
  });

  test.each([
    '',
    ':tag',
    'a b',
    'Docker',
    'a//b',
    '/a',
    'a/',
    'a:',
    'a:b:c',
    'a@sha256:12',
    `a@${digest}@${digest}`,
    'a.example.com/',
    '*.example.com/a',
    'a/*',
    'ab'.repeat(32),
    digest.replace('sha256:', 'sha256:sha256:'),
    'a_b.example/c',
    'a..example/b',
    'a.-b.example/c',
    'a.example-/b',
    `a@${digest.toUpperCase()}`,
    `a@sha512:${'ab'.repeat(32)}`,
    `a@md5:${'ab'.repeat(16)}`,
    `registry.example.com/${'a'.repeat(256)}`,
  ])('refuses %j', (text) => {
    expect(parseImageReference(text)).toBeUndefined();
  });
});

describe('parseImagePattern', () => {
  test.each([
    ['*', { kind: 'every' }],
    [digest, { kind: 'id', id: digest }],
    ['docker', { kind: 'tag', repository: 'docker.io/library/docker', tag: 'latest' }],
    ['docker:*', { kind: 'tag', repository: 'docker.io/library/docker', tag: '*' }],
    [`docker:cli@${digest}`, { kind: 'digest', repository: 'docker.io/library/docker', digest }],
    ['testcontainers/*:*', { kind: 'tag', repository: 'docker.io/testcontainers/*', tag: '*' }],
    [
      'registry.example.com/team/*',
      { kind: 'tag', repository: 'registry.example.com/team/*', tag: 'latest' },
    ],
  ])('%s', (text, pattern) => {
    expect(parseImagePattern(text)).toEqual(pattern);
  });

  test.each(['', '**:1:2', '*.example.com/a', 'a:1.*', 'a@sha256:*', 'A/b c', 'sha256:abc@x'])(
    'refuses %j',
    (text) => {
      expect(parseImagePattern(text)).toBeUndefined();
    },
  );
});
