import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { writeProbeImage } from './probe-image.js';
import { writeTar } from './tar.js';

interface Read {
  readonly name: string;
  readonly mode: number;
  readonly owner: readonly number[];
  readonly time: number;
  readonly type: string;
  readonly target: string;
  readonly data: Buffer;
}

function readTar(archive: Buffer): readonly Read[] {
  const entries: Read[] = [];
  for (let at = 0; archive[at] !== 0;) {
    const header = archive.subarray(at, at + 512);
    const text = (from: number, size: number): string =>
      header.toString('utf8', from, from + size).replace(/\0.*$/s, '');
    const number = (from: number, size: number): number => Number.parseInt(text(from, size), 8);
    const withoutSum = Buffer.from(header).fill(' ', 148, 156);
    expect(number(148, 8)).toBe(withoutSum.reduce((sum, byte) => sum + byte, 0));
    const size = number(124, 12);
    const data = archive.subarray(at + 512, at + 512 + size);
    const owner = [number(108, 8), number(116, 8)];
    entries.push({
      name: text(0, 100),
      mode: number(100, 8),
      owner,
      time: number(136, 12),
      type: text(156, 1),
      target: text(157, 100),
      data,
    });
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return entries;
}

test('entries are sorted, owned by root and without time, whatever order they came in', () => {
  const a = { path: 'a', type: 'directory', mode: 0o1777 } as const;
  const b = { path: 'a/b', type: 'file', mode: 0o755, data: Buffer.from('x'.repeat(600)) } as const;
  const c = { path: 'c', type: 'symlink', target: '/a/b' } as const;
  const archive = writeTar([c, b, a]);
  expect(archive.equals(writeTar([a, b, c]))).toBe(true);
  expect(readTar(archive)).toMatchObject([
    { name: 'a/', mode: 0o1777, type: '5', owner: [0, 0], time: 0 },
    { name: 'a/b', mode: 0o755, type: '0', data: b.data },
    { name: 'c', type: '2', target: '/a/b' },
  ]);
});

test('a path that does not fit is refused instead of cut', () => {
  expect(() => writeTar([{ path: 'a'.repeat(101), type: 'directory', mode: 0o755 }])).toThrow(RangeError);
});

const sha256 = (data: Buffer | undefined): string =>
  createHash('sha256')
    .update(data ?? '')
    .digest('hex');

test('the probe image names its layer and configuration by their hashes', () => {
  const archive = writeProbeImage(
    Buffer.from('busybox'),
    ['bin/sh', 'bin/busybox', 'linuxrc', 'usr/bin/env'],
    Buffer.from('probe'),
  );
  const files = new Map(readTar(archive).map((entry) => [entry.name, entry.data]));
  const manifestSchema = z.array(
    z.object({ Config: z.string(), RepoTags: z.array(z.string()), Layers: z.array(z.string()) }),
  );
  const [image] = manifestSchema.parse(JSON.parse(files.get('manifest.json')?.toString() ?? ''));
  const config = files.get(image?.Config ?? '');
  const layer = files.get(image?.Layers[0] ?? '');
  expect(image?.RepoTags).toEqual(['bulkhead/probe:latest']);
  expect(image?.Config).toBe(`${sha256(config)}.json`);
  expect(config?.toString()).toContain(`"diff_ids":["sha256:${sha256(layer)}"]`);
  const names = readTar(layer ?? Buffer.alloc(0)).map(
    ({ name, target }) => `${name}${target && ` -> ${target}`}`,
  );
  expect(names).toEqual(
    expect.arrayContaining(['bin/sh -> /bin/busybox', 'usr/bin/env -> /bin/busybox', 'bin/probe', 'tmp/']),
  );
  expect(names.filter((name) => name.startsWith('bin/busybox'))).toEqual(['bin/busybox']);
});
