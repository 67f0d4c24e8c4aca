import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepConsole } from './console-log.js';

let directory = '';
let file = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-console-'));
  file = join(directory, 'console.log');
});
afterEach(() => rm(directory, { recursive: true }));

async function keep(chunks: readonly string[], limit?: number): Promise<void> {
  const stream = new PassThrough();
  const kept = keepConsole(stream, file, limit);
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await kept;
}

test('what was written is there when the guest has gone, and nothing of the guest before', async () => {
  await writeFile(file, 'an earlier guest');
  await writeFile(`${file}.1`, 'an earlier guest');
  await keep(['Linux version\n', 'Kernel panic\n']);
  expect(await readFile(file, 'utf8')).toBe('Linux version\nKernel panic\n');
  expect(await readdir(directory)).toEqual(['console.log']);
});

test('a guest that writes without end fills two files and no more', async () => {
  await keep(
    Array.from({ length: 1_000 }, (_, line) => `${line}\n`.padStart(100)),
    5_000,
  );
  expect((await readdir(directory)).sort()).toEqual(['console.log', 'console.log.1']);
  const [older, newer] = await Promise.all([readFile(`${file}.1`, 'utf8'), readFile(file, 'utf8')]);
  expect([older.length, newer.length]).toEqual([5_000, 5_000]);
  expect(newer.trimEnd().endsWith(' 999')).toBe(true);
});

test('a link of its name that was left there is not written through', async () => {
  await writeFile(join(directory, 'victim'), 'of somebody');
  await symlink('victim', file);
  await keep(['Linux version\n']);
  expect(await readFile(join(directory, 'victim'), 'utf8')).toBe('of somebody');
  expect(await readFile(file, 'utf8')).toBe('Linux version\n');
});

test("a file that cannot be written is nobody else's trouble", async () => {
  file = join(directory, 'missing', 'console.log');
  await keep(['text']);
  expect(await readdir(directory)).toEqual([]);
});
