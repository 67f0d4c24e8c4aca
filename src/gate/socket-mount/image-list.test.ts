import { describe, expect, test } from 'vitest';
import { ImageList, type KnownImage } from './image-list.js';

const digest = `sha256:${'d'.repeat(64)}`;
const other = `sha256:${'e'.repeat(64)}`;
const image = (over: Partial<KnownImage> = {}): KnownImage => ({
  id: `sha256:${'1'.repeat(64)}`,
  names: ['docker.io/library/docker:cli'],
  digests: [`docker.io/library/docker@${digest}`],
  ...over,
});

describe('an entry', () => {
  test.each([
    ['docker:cli', true],
    ['docker', false],
    ['docker:*', true],
    ['docker.io/library/docker:cli', true],
    ['docker:dind', false],
    ['tool:cli', false],
    ['example.com/docker:cli', false],
    [`docker@${digest}`, true],
    [`docker@${other}`, false],
    [`tool@${digest}`, false],
    [`sha256:${'1'.repeat(64)}`, true],
    [digest, false],
    ['*', true],
    ['library/*:*', true],
    ['library/d*r:cli', true],
    ['library/*', false],
    ['docker.io/*/docker:cli', true],
    ['testcontainers/*:*', false],
    ['docker.io/*:cli', true],
    [`library/*@${digest}`, true],
    [`library/*@${other}`, false],
    ['not an image', false],
  ])('%s', (entry, allowed) => {
    expect(new ImageList([entry]).matches(image())).toBe(allowed);
    expect(new ImageList(['b:1', entry, 'a/*/c:2']).matches(image())).toBe(allowed);
  });

  test('a star does not cross a slash, and a dot is no other letter', () => {
    const list = new ImageList(['registry.example.com/team/*:*']);
    const named = (name: string): KnownImage => image({ names: [name], digests: [] });
    expect(list.matches(named('registry.example.com/team/tool:1'))).toBe(true);
    expect(list.matches(named('registry.example.com/team/sub/tool:1'))).toBe(false);
    expect(list.matches(named('registryXexample.com/team/tool:1'))).toBe(false);
    expect(list.matches(named('registry.example.com/team2/tool:1'))).toBe(false);
  });

  test('any tag includes an image pulled by its digest', () => {
    expect(new ImageList(['docker:*']).matches(image({ names: [] }))).toBe(true);
    expect(new ImageList(['docker:cli']).matches(image({ names: [] }))).toBe(false);
  });
});

test('of a digest without a name the content alone counts', () => {
  const named = image({ names: [], digests: [digest] });
  for (const entry of ['docker:*', 'docker:cli', 'library/*:*', 'sha256:*', `docker@${other}`])
    expect([entry, new ImageList([entry]).matches(named)]).toEqual([entry, false]);
  for (const entry of [`docker@${digest}`, `library/*@${digest}`])
    expect([entry, new ImageList([entry]).matches(named)]).toEqual([entry, true]);
});

test('an image without believed names is in no list but that of every image', () => {
  const unknown = image({ names: [], digests: [] });
  expect(new ImageList(['docker:cli', 'docker:*', 'library/*:*']).matches(unknown)).toBe(false);
  expect(new ImageList(['*']).matches(unknown)).toBe(true);
});

test('an empty list says so', () => {
  expect(new ImageList([]).empty).toBe(true);
  expect(new ImageList(['docker']).empty).toBe(false);
});
