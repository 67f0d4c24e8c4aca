import { describe, expect, it } from 'vitest';
import { binding, building, type Over } from '../testing/binds.js';
import { containing, planFor, refusalFor } from '../testing/expect.js';
import { overlayAt } from '../testing/requests.js';
import { containerId, mount } from '../testing/specs.js';

describe('binds of the merged layers of a stage or an image', () => {
  const point = '/var/lib/docker/overlay2/2222/merged';
  const stage = overlayAt(point, '2222', `${point}/out/sub`);
  const layers = '/var/lib/docker/overlay2';

  it('mounts them anew, the upper one as a lower one where the step may not write', () => {
    const plan = planFor(building(point, stage, 'ro'));
    expect(plan.binds).toEqual([
      {
        index: 1,
        readonly: true,
        nosuid: true,
        nodev: true,
        noexec: false,
        idmap: false,
        recursive: false,
        overlay: {
          lower: [`${layers}/2222/diff`, `${layers}/l/AAAA`, `${layers}/l/BBBB`],
          options: '',
          within: '/out/sub',
        },
      },
    ]);
    expect(plan.spec.mounts).toEqual([
      mount('/x', 'bind', '/run/bulkhead/stage/b1', 'bind', 'ro', 'nosuid', 'nodev'),
    ]);
  });

  it('writes the upper directory where the step may, and a mount of a part knows its place', () => {
    const part = {
      ...stage,
      realPath: '/tmp/m/y',
      mount: { ...stage.mount, mountPoint: '/tmp/m', root: '/z' },
    };
    expect(planFor(building(point, part)).binds).toMatchObject([
      {
        readonly: false,
        overlay: {
          lower: [`${layers}/l/AAAA`, `${layers}/l/BBBB`],
          upper: { parent: `${layers}/2222`, name: 'diff', workName: 'bulkhead-work' },
          within: '/z/y',
        },
      },
    ]);
  });

  it('keeps what has no upper directory read-only, whatever is asked', () => {
    const superOptions = [`lowerdir=${layers}/l/A:${layers}/l/B`];
    const view = { ...stage, mount: { ...stage.mount, superOptions } };
    const plan = planFor(building(point, view, 'rw'));
    expect(plan.binds[0]?.readonly).toBe(true);
    expect(plan.spec.mounts?.[0]?.options).toContain('ro');
  });

  it.each<[string, Over, string]>([
    [
      'layers outside the storage',
      { ...stage, mount: { ...stage.mount, superOptions: [`lowerdir=/etc:${layers}/l/A`] } },
      "layer /etc does not lie in the engine's storage",
    ],
    ['the layer the root writes', overlayAt(point, '1111'), 'written through two mounts'],
    ['contradictory facts', { ...stage, realPath: '/etc' }, 'not where it seems'],
  ])('refuses %s', (_name, fact, text) => {
    expect(refusalFor(building(point, fact))).toMatchObject({
      code: 'BH_ISOLATION_LAYERS',
      message: containing(text),
    });
  });

  it('is bound read-only where the engine mounted an image for this container', () => {
    const request = binding(point, stage, 'rbind');
    const plan = planFor({ ...request, imageLayers: [`${layers}/2222`] });
    expect(plan.binds).toMatchObject([{ readonly: true, idmap: false, overlay: { within: '/out/sub' } }]);
    expect(plan.binds[0]?.overlay?.upper).toBeUndefined();
    for (const imageLayers of [[`${layers}/222`], [`${layers}/1111`], [layers]])
      expect(refusalFor({ ...request, imageLayers }).message).toContain('it lies on overlay');
  });

  it('is known by its mount point with the containerd image store', () => {
    const at = (name: string) => {
      const mounted = `/var/lib/docker/rootfs/overlayfs/${name}`;
      return binding(mounted, overlayAt(mounted, '2222'), 'rbind');
    };
    expect(planFor(at(`${containerId}-image`)).binds[0]).toMatchObject({
      readonly: true,
      overlay: { within: '/' },
    });
    for (const name of [containerId, `${containerId.replace('c', 'd')}-image`, `x/${containerId}-image`])
      expect(refusalFor(at(name)).message).toContain('it lies on overlay');
  });

  it('is for build steps alone otherwise', () => {
    expect(refusalFor(binding(point, stage, 'rbind', 'ro')).message).toContain('it lies on overlay');
  });
});
