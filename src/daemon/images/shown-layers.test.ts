import { expect, test } from 'vitest';
import { parseMountInfo } from '../../runtime/index.js';
import type { SourceFact } from '../../isolation/plan.js';
import { shownLayers } from './shown-layers.js';

const dataRoot = '/var/lib/docker';

function fact(realPath: string, filesystem: string, options: string): SourceFact {
  return {
    path: realPath,
    opened: true,
    realPath,
    kind: 'directory',
    rdev: '0:0',
    device: '0:40',
    inode: '1',
    filesystemMagic: 0,
    mount: parseMountInfo(`30 20 0:40 / ${realPath} rw - ${filesystem} none ${options}`),
  };
}

test('the layers of overlays, the topmost first, and the directory of anything else', () => {
  const step = fact('/rootfs', 'overlay', 'rw,lowerdir=l/B:l/A,upperdir=step/diff,workdir=step/work');
  expect(
    shownLayers(
      [
        step,
        fact(
          '/mounted',
          'overlay',
          'ro,lowerdir=/var/lib/docker/overlay2/b/diff:/var/lib/docker/overlay2/a/diff',
        ),
        fact('/var/lib/docker/overlay2/a/diff', 'ext4', 'rw'),
        fact('/odd', 'overlay', 'rw,lowerdir=/a,lowerdir=/b'),
        { path: '/gone', opened: false, errno: 2 },
      ],
      dataRoot,
    ),
  ).toEqual([
    ['/var/lib/docker/overlay2/l/B', '/var/lib/docker/overlay2/l/A'],
    ['/var/lib/docker/overlay2/b/diff', '/var/lib/docker/overlay2/a/diff'],
    ['/var/lib/docker/overlay2/a/diff'],
  ]);
});
