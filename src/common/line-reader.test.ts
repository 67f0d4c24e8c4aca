import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { maxLineLength, readLines } from './line-reader.js';

async function linesOf(...chunks: Buffer[]): Promise<string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  const done = readLines(stream, (line) => lines.push(line));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await done;
  return lines;
}

test('lines may be cut anywhere, also inside a character', async () => {
  const bytes = Buffer.from('eins\nzwö');
  expect(await linesOf(bytes.subarray(0, 2), bytes.subarray(2, 8), bytes.subarray(8))).toEqual([
    'eins',
    'zwö',
  ]);
});

test('several lines in one chunk, empty ones left out', async () => {
  expect(await linesOf(Buffer.from('a\n\nb\nc\n'))).toEqual(['a', 'b', 'c']);
});

test('a line without end is cut instead of held', async () => {
  const chunk = Buffer.alloc(maxLineLength, 'x');
  const lines = await linesOf(chunk, chunk, Buffer.from('\nnext\n'));
  expect(lines.map((line) => line.length)).toEqual([maxLineLength, 4]);
});

test('a stream that breaks ends the reading and does not throw', async () => {
  const stream = new PassThrough();
  const lines: string[] = [];
  const done = readLines(stream, (line) => lines.push(line));
  stream.write('half');
  stream.destroy(new Error('ECONNRESET'));
  await done;
  expect(lines.length).toBeLessThanOrEqual(1);
});
