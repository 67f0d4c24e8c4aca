import { describe, expect, it } from 'vitest';
import type { MountInfo, SourceFact } from '../plan.js';
import { containing, planFor, planWithout, refusalFor } from '../testing/expect.js';
import { dataMount, opened, overlayRoot, requestFor, systemMount } from '../testing/requests.js';
import { containerSpec } from '../testing/specs.js';

const root = '/var/lib/docker/overlay2/1111/merged';

function rootedIn(fact: SourceFact, readonly = false) {
  const spec = containerSpec();
  const request = requestFor({ ...spec, root: { path: root, readonly } });
  return { ...request, facts: [fact, ...request.facts.slice(1)] };
}

function overlay(superOptions: readonly string[], over: Partial<MountInfo> = {}): SourceFact {
  const fact = overlayRoot(root);
  return fact.opened ? { ...fact, mount: { ...fact.mount, superOptions, ...over } } : fact;
}

const layers = ['lowerdir=/var/lib/docker/overlay2/l/A', 'upperdir=/var/lib/docker/overlay2/1111/diff'];

describe('root-filesystem', () => {
  it('builds the overlay anew from the layers the engine mounted', () => {
    const plan = planFor(rootedIn(overlayRoot(root)));
    expect(plan.root).toEqual({
      kind: 'overlay',
      lower: ['/var/lib/docker/overlay2/l/AAAA', '/var/lib/docker/overlay2/l/BBBB'],
      upper: { parent: '/var/lib/docker/overlay2/1111', name: 'diff', workName: 'bulkhead-work' },
      options: '',
      readonly: false,
    });
    expect(plan.spec.root).toEqual({ path: '/run/bulkhead/rootfs', readonly: false });
    expect(planWithout('root-filesystem', rootedIn(overlayRoot(root))).spec.root.path).toBe(root);
  });

  it('keeps volatile and nothing else', () => {
    const fact = overlay([...layers, 'volatile', 'redirect_dir=on', 'metacopy=on']);
    expect(planFor(rootedIn(fact)).root).toMatchObject({ options: 'volatile' });
  });

  it('makes --read-only a property of the mount', () => {
    const plan = planFor(rootedIn(overlayRoot(root), true));
    expect([plan.root.readonly, plan.spec.root.readonly]).toEqual([true, true]);
    expect(planFor(rootedIn(overlay(layers, { mountOptions: ['ro'] }))).root.readonly).toBe(true);
  });

  it('makes an overlay without an upper directory read-only', () => {
    const plan = planFor(rootedIn(overlay(['lowerdir=/var/lib/docker/a:/var/lib/docker/b'])));
    expect(plan.root).toEqual({
      kind: 'overlay',
      lower: ['/var/lib/docker/a', '/var/lib/docker/b'],
      options: '',
      readonly: true,
    });
    expect(plan.spec.root.readonly).toBe(true);
  });

  it('takes a single layer on the data disk as it is', () => {
    const fact = opened('/var/lib/docker/overlay2/2222/diff');
    expect(planFor(rootedIn(fact)).root).toEqual({ kind: 'bind', readonly: false });
  });

  it.each<[string, SourceFact]>([
    ['errno 2', { path: root, opened: false, errno: 2 }],
    ['not a directory', opened(root, { kind: 'file' })],
    ["does not lie in the engine's storage", opened('/var', { device: '254:0', mount: systemMount })],
    ["does not lie in the engine's storage", opened('/var/lib/docker')],
    ["does not lie in the engine's storage", opened(root, { mount: { ...dataMount, root: '/other' } })],
    ['it lies on nfs', opened(root, { mount: { ...dataMount, filesystem: 'nfs4' } })],
    ['only a part of an overlay', overlay(layers, { root: '/etc' })],
    ['its layer /etc does not lie', overlay(['lowerdir=/etc', layers[1] ?? ''])],
    ['its layer /etc does not lie', overlay(['lowerdir=/var/lib/docker/../../../etc', layers[1] ?? ''])],
    ['its layer /srv/diff does not lie', overlay([layers[0] ?? '', 'upperdir=/srv/diff'])],
    ['no lower layers', overlay([layers[1] ?? ''])],
    ['data-only', overlay(['lowerdir=/var/lib/docker/a::/var/lib/docker/b', layers[1] ?? ''])],
  ])('refuses when %s', (text, fact) => {
    expect(refusalFor(rootedIn(fact))).toMatchObject({
      rule: 'root-filesystem',
      message: containing(text),
    });
  });
});
