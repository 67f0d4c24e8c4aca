import { describe, expect, it } from 'vitest';
import type { Mount } from '../../oci/mounts.js';
import type { SourceFact } from '../plan.js';
import type { IsolationRequest } from '../request.js';
import { containing, planFor, planWithout, refusalFor } from '../testing/expect.js';
import { buildStep, dataMount, opened, requestFor, systemMount } from '../testing/requests.js';
import { buildSpec, mount } from '../testing/specs.js';

describe('the layers of a stage, with the containerd image store', () => {
  const store = '/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots';
  const [top, bottom] = [`${store}/34/fs`, `${store}/1/fs`];
  const layer = (path: string, over: Parameters<typeof opened>[1] = {}): SourceFact =>
    opened(path, {
      mount: { ...dataMount, mountPoint: '/var/lib/containerd', root: '/containerd' },
      ...over,
    });
  const merging = (facts: readonly SourceFact[], ...mounts: Mount[]): IsolationRequest => {
    const options = [`lowerdir=${top}:${bottom}`, 'index=off', 'redirect_dir=off'];
    const asked = [{ destination: '/tools', type: 'overlay', source: 'overlay', options }, ...mounts];
    const request = requestFor({ ...buildSpec(), mounts: asked }, { container: buildStep });
    return { ...request, facts: [...request.facts.slice(0, 1), ...facts] };
  };

  it('clones and merges them, for reading, and goes on counting after all of them', () => {
    const scratch = mount('/after', 'bind', '/var/lib/docker/overlay2/x/diff', 'rbind');
    const request = merging([layer(top), layer(bottom), opened(scratch.source)], scratch);
    const plan = planFor(request);
    expect(plan.binds).toMatchObject([
      {
        index: 1,
        readonly: true,
        nosuid: true,
        nodev: true,
        idmap: false,
        recursive: false,
        overlay: { lower: [top, bottom], options: '', within: '/' },
      },
      { index: 3, readonly: false, idmap: true },
    ]);
    expect(plan.binds[0]?.overlay?.upper).toBeUndefined();
    expect(plan.spec.mounts).toEqual([
      mount('/tools', 'bind', '/run/bulkhead/stage/b1', 'bind', 'ro', 'nosuid', 'nodev'),
      mount('/after', 'bind', '/run/bulkhead/stage/b3', 'bind', 'nosuid', 'nodev'),
    ]);
    expect(planWithout('binds', request).spec.mounts?.[0]?.type).toBe('overlay');
  });

  it.each<[string, SourceFact, string]>([
    ['a part of a layer', layer(bottom, { realPath: `${bottom}/etc` }), "in the engine's storage"],
    ['the work directory of one', layer(bottom, { realPath: `${store}/1/work` }), "in the engine's storage"],
    ['all snapshots', layer(bottom, { realPath: store }), "in the engine's storage"],
    ['a volume', opened(bottom, { realPath: '/var/lib/docker/volumes/v/_data' }), "in the engine's storage"],
    [
      'a layer of overlay2',
      opened(bottom, { realPath: '/var/lib/docker/overlay2/x/diff' }),
      "in the engine's storage",
    ],
    [
      '/etc',
      opened(bottom, { realPath: '/etc', device: '254:0', mount: systemMount }),
      "in the engine's storage",
    ],
    ['what is mounted over one', layer(bottom, { device: '0:90' }), "in the engine's storage"],
    ['a file', layer(bottom, { kind: 'file' }), "in the engine's storage"],
    ['a missing one', { path: bottom, opened: false, errno: 2 }, 'errno 2'],
    ['facts of another path', layer(`${store}/2/fs`), 'nothing is known'],
  ])('refuses %s among them', (_name, fact, text) => {
    expect(refusalFor(merging([layer(top), fact]))).toMatchObject({
      rule: 'binds',
      code: 'BH_ISOLATION_LAYERS',
      message: containing(text),
    });
  });

  it('refuses a layer that no fact is about', () => {
    expect(refusalFor(merging([layer(top)])).code).toBe('BH_ISOLATION_LAYERS');
  });
});
