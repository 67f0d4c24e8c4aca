import { describe, expect, test } from 'vitest';
import { canonicalImage, type CanonicalImage } from '../names/canonical-image.js';
import { decideOrigin, type ImageOrigin, type LayerOrigin } from './decide-origin.js';
import { rulesOf, words } from './rules.test-support.js';

const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;
const named = (...texts: readonly string[]): CanonicalImage[] =>
  texts.map((text) => {
    const image = canonicalImage(text);
    if (image === undefined) throw new Error(text);
    return image;
  });
const rules = rulesOf({
  hub: { official: true },
  rules: [
    { repository: 'ghcr.io/acme/pinned', action: 'allow', digests: [digestOf('a')] },
    { repository: 'ghcr.io/acme/tagged', action: 'allow', tags: ['1.*'] },
    { repository: 'ghcr.io/acme/**', action: 'allow' },
    { repository: 'ghcr.io/acme/**', action: 'deny', digests: [digestOf('d')] },
  ],
});
const answer = (origin: Partial<ImageOrigin>): string =>
  words(decideOrigin(rules, { names: [], layers: [], ...origin }, 'Ada'));

const layerOf = (repository: string): CanonicalImage => ({ repository, digest: digestOf('1') });
const hubLayer: LayerOrigin = { from: [layerOf('docker.io/library/nginx')], to: [] };
const evilLayer: LayerOrigin = { from: [layerOf('docker.io/someuser/x')], to: [] };
const pinnedLayer: LayerOrigin = { from: [layerOf('ghcr.io/acme/pinned')], to: [] };
const ownLayer: LayerOrigin = { from: [], to: [] };
const evil = /^no: community images not allowed/;

describe('an image that was pulled', () => {
  test('is held against what it was pulled by, whatever its layers are', () => {
    expect(answer({ names: named(`nginx@${digestOf('b')}`), layers: [evilLayer] })).toBe('hub.official');
    expect(answer({ names: named(`someuser/x@${digestOf('b')}`), layers: [hubLayer] })).toMatch(evil);
  });

  test('is known by its tag where it was pulled by one', () => {
    expect(answer({ names: named(`ghcr.io/acme/tagged:1.2@${digestOf('b')}`) })).toBe('rules[1]');
    expect(answer({ names: named(`ghcr.io/acme/tagged:2@${digestOf('b')}`) })).toContain('other versions');
    expect(answer({ names: named(`ghcr.io/acme/tagged@${digestOf('b')}`) })).toContain('other versions');
  });
});

describe('an image that was made here', () => {
  test('of nothing is admitted', () => {
    expect(answer({})).toBe('bulkhead.imageAccess');
    expect(answer({ layers: [ownLayer, { from: [], to: [layerOf('docker.io/someuser/x')] }] })).toBe(
      'bulkhead.imageAccess',
    );
  });

  test('of an image that is not admitted is not, at whatever place its layers are', () => {
    expect(answer({ layers: [hubLayer, ownLayer] })).toBe('bulkhead.imageAccess');
    expect(answer({ layers: [evilLayer, ownLayer] })).toMatch(evil);
    expect(answer({ layers: [hubLayer, ownLayer, evilLayer] })).toMatch(evil);
  });

  test('of layers that an admitted repository has too is admitted', () => {
    expect(answer({ layers: [{ from: [...evilLayer.from, ...hubLayer.from], to: [] }] })).toBe(
      'bulkhead.imageAccess',
    );
    expect(answer({ layers: [{ ...evilLayer, to: [layerOf('ghcr.io/acme/x')] }] })).toBe(
      'bulkhead.imageAccess',
    );
    expect(answer({ layers: [{ ...evilLayer, to: [layerOf('docker.io/someuser/y')] }] })).toMatch(evil);
  });

  test('of a pulled image is held against its names, and the other layers by themselves', () => {
    const layers: LayerOrigin[] = [pinnedLayer, pinnedLayer, ownLayer];
    const base = (letter: string): NonNullable<ImageOrigin['base']> => ({
      names: named(`ghcr.io/acme/pinned@${digestOf(letter)}`),
      layers: 2,
    });
    expect(answer({ base: base('a'), layers })).toBe('rules[0]');
    expect(answer({ base: base('b'), layers })).toContain('other versions');
    expect(answer({ base: base('a'), layers: [...layers, evilLayer] })).toMatch(evil);
    expect(
      answer({ base: { names: named(`ghcr.io/acme/x@${digestOf('d')}`), layers: 1 }, layers }),
    ).toContain('a rule denies it');
  });

  test('of a repository of which some versions are admitted is not, where none is known', () => {
    expect(answer({ layers: [pinnedLayer, ownLayer] })).toContain('other versions of it are allowed');
  });
});
