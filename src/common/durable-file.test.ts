import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { replaceAtOnce, replaceDurably } from './durable-file.js';

let directory = '';
let file = '';
let victim = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-durable-'));
  file = join(directory, 'record');
  victim = join(directory, 'victim');
  writeFileSync(victim, 'of somebody');
});
afterEach(() => rmSync(directory, { recursive: true }));

test.each([
  ['durably', replaceDurably],
  ['at once', replaceAtOnce],
])('%s: what a link of the draft’s name leads to is left alone, and the file is one', (_how, replace) => {
  symlinkSync('victim', `${file}.new`);
  replace(file, 'one');
  expect([readFileSync(victim, 'utf8'), readFileSync(file, 'utf8')]).toEqual(['of somebody', 'one']);
  // As is one of the file's own.
  rmSync(file);
  symlinkSync('victim', file);
  replace(file, 'two');
  expect([readFileSync(victim, 'utf8'), readFileSync(file, 'utf8')]).toEqual(['of somebody', 'two']);
  expect(lstatSync(file).mode & 0o777).toBe(0o600);
});

test('a draft that was begun when the machine went down is no hindrance', () => {
  writeFileSync(`${file}.new`, 'half of what was to be writ');
  replaceDurably(file, 'whole');
  expect(readFileSync(file, 'utf8')).toBe('whole');
  expect(readdirSync(directory)).toEqual(['record', 'victim']);
});
