import { describe, expect, test } from 'vitest';
import { canonicalImage } from '../names/canonical-image.js';
import { decideLoad, decidePresent } from './decide-present.js';
import type { ImageRules } from './image-rules.js';
import { rulesOf, words } from './rules.test-support.js';

const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;
const [one, other] = [digestOf('a'), digestOf('b')];

function present(rules: ImageRules, ...names: readonly string[]): string {
  const images = names.map((name) => {
    const image = canonicalImage(name);
    if (image === undefined) throw new Error(name);
    return image;
  });
  return words(decidePresent(rules, images, 'Ada'));
}

describe('an image that is there', () => {
  const rules = rulesOf({
    hub: { official: true },
    rules: [
      { repository: 'ghcr.io/acme/pinned', action: 'allow', digests: [one] },
      { repository: 'ghcr.io/acme/**', action: 'allow' },
      { repository: 'ghcr.io/acme/**', action: 'deny', digests: [other] },
    ],
  });

  test('is held against the names it was pulled by', () => {
    expect(present(rules, `nginx:1@${one}`)).toBe('hub.official');
    expect(present(rules, `someuser/x@${one}`)).toContain('no: community images not allowed');
    expect(present(rules, `someuser/x@${one}`, `ghcr.io/acme/x@${one}`)).toBe('rules[1]');
    expect(present(rules, `ghcr.io/acme/pinned:1@${one}`)).toBe('rules[0]');
    expect(present(rules, `ghcr.io/acme/pinned:1@${digestOf('c')}`)).toContain('no: other versions');
  });

  test('and is denied by its digest is denied by every name', () => {
    expect(present(rules, `ghcr.io/acme/x@${other}`)).toContain('no: a rule denies it');
    expect(present(rules, `nginx@${other}`, `ghcr.io/acme/x@${other}`)).toBe(
      'no: a rule denies it (rules[2])',
    );
    expect(present(rules, `nginx@${other}`)).toBe('hub.official');
  });

  test('and was never pulled was made here', () => {
    expect(present(rules)).toBe('bulkhead.imageAccess');
  });
});

test('images out of archives', () => {
  expect(words(decideLoad(rulesOf({ load: 'allow' }), 'docker load', 'Ada'))).toBe('load');
  expect(words(decideLoad(rulesOf({}), 'docker load', 'Ada'))).toBe(
    'no: images out of archives not allowed (load)',
  );
});
