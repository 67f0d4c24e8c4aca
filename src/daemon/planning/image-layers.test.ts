import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readImageLayers } from './image-layers.js';

test('the layers of images mounted in a container, and no others', () => {
  const root = mkdtempSync(join(tmpdir(), 'bulkhead-layers-'));
  try {
    const id = 'a'.repeat(64);
    const hex = (text: string) => Buffer.from(text).toString('hex');
    const layers = [
      [hex(`${id},src=probe,dst=/x`), 'mounted'],
      [hex(`${id},src=probe,dst=/y`), '../../../etc'],
      [hex(`${'b'.repeat(64)},src=probe,dst=/x`), 'anothers'],
      [`${id}-library/probe:1`, 'by-name'],
      [`${'b'.repeat(64)}-probe`, 'anothers-too'],
      [id, 'root'],
    ] as const;
    for (const [name, mountId] of layers) {
      const directory = join(root, 'image/overlay2/layerdb/mounts', name);
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, 'mount-id'), mountId);
    }
    expect(readImageLayers(root, id).toSorted()).toEqual(
      ['by-name', 'mounted'].map((name) => join(root, 'overlay2', name)),
    );
    expect(readImageLayers(join(root, 'none'), id)).toEqual([]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
