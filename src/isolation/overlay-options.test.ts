import { describe, expect, it } from 'vitest';
import { overlayLayers } from './overlay-options.js';

const base = '/var/lib/docker/overlay2';

describe('overlayLayers', () => {
  it.each([
    ['the list', ['lowerdir=/a:/b', 'upperdir=/u/diff'], ['/a', '/b'], '/u/diff'],
    ['one option a layer', ['lowerdir+=/a', 'lowerdir+=/b:c', 'upperdir=/u'], ['/a', '/b:c'], '/u'],
    ['escaped colons', ['lowerdir=/a\\:1:/b\\\\:/c', 'upperdir=/u\\:2'], ['/a:1', '/b\\', '/c'], '/u:2'],
    [
      "dockerd's relative paths",
      ['lowerdir=l/A:l/B', 'upperdir=1111/diff'],
      [`${base}/l/A`, `${base}/l/B`],
      `${base}/1111/diff`,
    ],
    [
      "containerd's relative paths",
      ['lowerdir=54/fs:44/fs', 'upperdir=/c/snapshots/55/fs'],
      ['/c/snapshots/54/fs', '/c/snapshots/44/fs'],
      '/c/snapshots/55/fs',
    ],
  ])('reads %s', (_name, options, lower, upper) => {
    expect(overlayLayers(options, base)).toEqual({ lower, upper, volatile: false });
  });

  it.each([
    [['lowerdir=/a', 'lowerdir+=/b']],
    [['lowerdir=/a', 'lowerdir=/b']],
    [['lowerdir=/a', 'upperdir=/u', 'upperdir=/v']],
    [['lowerdir+=/a', 'datadir+=/d']],
    [['lowerdir=/a::/b']],
    [['upperdir=/u']],
  ])('does not guess at %j', (options) => {
    expect(overlayLayers(options, base)).toBeTypeOf('string');
  });
});
