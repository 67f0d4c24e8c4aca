import { describe, expect, test } from 'vitest';
import { believedImage, isDerivedFrom } from './believed-image.js';
import { decideSocketMount, deniedBecause, shownImage, type SocketMountPolicy } from './decide-image.js';
import { ImageList, type KnownImage } from './image-list.js';

const policyOf = (images: string[], over: Partial<SocketMountPolicy> = {}): SocketMountPolicy => ({
  images: new ImageList(images),
  allowDerived: false,
  commands: undefined,
  rules: [],
  ...over,
});
const digest = `sha256:${'d'.repeat(64)}`;
const id = `sha256:${'1'.repeat(64)}`;
const cli: KnownImage = {
  id,
  names: ['docker.io/library/docker:cli'],
  digests: [`docker.io/library/docker@${digest}`],
};
const local = { id: `sha256:${'2'.repeat(64)}`, names: [], digests: [], parents: [cli] };

describe('believedImage', () => {
  const report = { id, tags: ['docker:cli', 'mine:1'], digests: [`docker@${digest}`], layers: [] };

  test('a tag counts where the engine has a digest of that repository', () => {
    expect(believedImage(report, false)).toEqual(cli);
  });

  test('E03: a tag that was only given here does not', () => {
    expect(believedImage({ ...report, digests: [] }, false).names).toEqual([]);
    expect(believedImage({ ...report, digests: [`evil.example/docker@${digest}`] }, false).names).toEqual([]);
  });

  test('where every image has digests, none does', () => {
    expect(believedImage(report, true)).toEqual({ id, names: [], digests: [digest] });
  });

  test('E03: there no name given here is in a list of any tag', () => {
    const ryuk = ['testcontainers/ryuk:*', 'testcontainers/*:*', 'testcontainers/ryuk:x'];
    const tagged = {
      id,
      tags: ['testcontainers/ryuk:x'],
      digests: [`testcontainers/ryuk@${digest}`],
      layers: [],
    };
    expect(new ImageList(ryuk).matches(believedImage(tagged, true))).toBe(false);
    expect(new ImageList([`testcontainers/ryuk@${digest}`]).matches(believedImage(tagged, true))).toBe(true);
  });
});

test('isDerivedFrom: every layer of the parent, at the bottom, in its order', () => {
  expect(isDerivedFrom(['a', 'b', 'c'], ['a', 'b'])).toBe(true);
  expect(isDerivedFrom(['a', 'b'], ['a', 'b'])).toBe(true);
  expect(isDerivedFrom(['b', 'a', 'c'], ['a', 'b'])).toBe(false);
  expect(isDerivedFrom(['x', 'a', 'b'], ['a', 'b'])).toBe(false);
  expect(isDerivedFrom(['a'], ['a', 'b'])).toBe(false);
  expect(isDerivedFrom(['a'], [])).toBe(false);
});

describe('decideSocketMount', () => {
  const because = (images: string[], over: Partial<SocketMountPolicy> = {}): string => {
    const decision = decideSocketMount(local, policyOf(images, over));
    return decision.kind === 'denied' ? deniedBecause(decision) : decision.kind;
  };

  test('says that the list is empty, that the image is not in it, or that its parent is', () => {
    expect(because([])).toBe('allowed image list is empty');
    expect(because(['tool'])).toMatch(/^image is not in the allowed list; if you wish to allow it, [^.]*$/);
    expect(because(['docker:cli'])).toMatch(
      /parent image \(docker\.io\/library\/docker:cli\) .*set allowDerivedImages to true$/,
    );
  });

  test('an image made of an allowed one is allowed where the policy says so, unless it comes from a registry', () => {
    const policy = policyOf(['docker:cli'], { allowDerived: true });
    expect(decideSocketMount(local, policy).kind).toBe('allowed');
    const pulled = { ...local, digests: [`docker.io/evil/tool@${digest}`] };
    expect(decideSocketMount(pulled, policy).kind).toBe('denied');
  });

  test('the first rule for the image, or for what it is made of, decides its commands', () => {
    const rule = (image: string, command: 'ps' | 'info' | 'push') => ({
      images: new ImageList([image]),
      commands: { type: 'allow', commands: [command] } as const,
    });
    const rules = [rule('tool:*', 'ps'), rule('docker:*', 'info'), rule('*', 'push')];
    const policy = policyOf(['*'], { rules, allowDerived: true });
    const permitted = (image: KnownImage): readonly string[] => {
      const decision = decideSocketMount({ ...image, parents: [] }, policy);
      return decision.kind === 'allowed' ? [...decision.permitted] : [];
    };
    expect(permitted(cli)).toContain('SystemInfo');
    expect(permitted(cli)).not.toContain('ImagePush');
    expect(permitted({ ...cli, names: [], digests: [] })).toContain('ImagePush');
    const derived = decideSocketMount(local, policyOf(['docker:cli'], { rules, allowDerived: true }));
    expect(derived.kind === 'allowed' && derived.permitted.has('SystemInfo')).toBe(true);
  });
});

test('an image is shown as Docker does', () => {
  expect(shownImage('docker:cli')).toBe('docker.io/library/docker');
  expect(shownImage(id.slice(7))).toBe(id.slice(7));
});
