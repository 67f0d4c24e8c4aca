import { expect, test } from 'vitest';
import { writeCpio } from './cpio.js';
import { writeInitramfs } from './initramfs.js';

interface Read {
  readonly name: string;
  readonly fields: readonly number[];
  readonly data: Buffer;
}

/** A reader written from the format's description, so that the writer is not checked against itself. */
function readCpio(archive: Buffer): readonly Read[] {
  const entries: Read[] = [];
  let at = 0;
  for (;;) {
    expect(archive.toString('latin1', at, at + 6)).toBe('070701');
    const fields = Array.from({ length: 13 }, (_, i) =>
      Number.parseInt(archive.toString('latin1', at + 6 + 8 * i, at + 14 + 8 * i), 16),
    );
    const [nameSize = 0, size = 0] = [fields[11], fields[6]];
    const name = archive.toString('utf8', at + 110, at + 110 + nameSize - 1);
    const start = Math.ceil((at + 110 + nameSize) / 4) * 4;
    if (name === 'TRAILER!!!') return entries;
    entries.push({ name, fields, data: archive.subarray(start, start + size) });
    at = Math.ceil((start + size) / 4) * 4;
  }
}

test('names, modes, contents and devices arrive; owner and time are zero', () => {
  const archive = writeCpio([
    { path: 'dev', type: 'directory', mode: 0o755 },
    { path: 'dev/console', type: 'character-device', mode: 0o600, device: [5, 1] },
    { path: 'init', type: 'file', mode: 0o755, data: Buffer.from('hello') },
  ]);
  const [dev, console, init] = readCpio(archive);
  expect(dev?.fields.slice(1, 6)).toEqual([0o40755, 0, 0, 2, 0]);
  expect([console?.name, console?.fields[1], ...(console?.fields.slice(9, 11) ?? [])]).toEqual([
    'dev/console',
    0o20600,
    5,
    1,
  ]);
  expect([init?.fields[1], init?.data.toString()]).toEqual([0o100755, 'hello']);
  expect(archive.length % 512).toBe(0);
});

test('the initramfs holds the program, the modules in load order, and nothing else', () => {
  const module = (name: string) => ({ name, data: Buffer.from(`code of ${name}`) });
  const entries = readCpio(writeInitramfs(Buffer.from('program'), [module('dm_mod'), module('dm_verity')]));
  expect(entries.map(({ name }) => name)).toEqual(
    [
      'dev modules proc root sys dev/console init'.split(' '),
      ['modules/boot.list', 'modules/dm_mod.ko', 'modules/dm_verity.ko'],
    ].flat(),
  );
  const list = entries.find(({ name }) => name === 'modules/boot.list');
  expect(list?.data.toString()).toBe('/modules/dm_mod.ko\n/modules/dm_verity.ko\n');
});
