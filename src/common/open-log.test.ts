import { execFileSync } from 'node:child_process';
import {
  closeSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLog } from './open-log.js';

let directory = '';
let file = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-log-'));
  file = join(directory, 'log');
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(text: string, from: 'its end' | 'empty'): string {
  const descriptor = openLog(file, from);
  writeSync(descriptor, text);
  closeSync(descriptor);
  return readFileSync(file, 'utf8');
}

test('a log is gone on with, or begun anew', () => {
  expect(write('one\n', 'its end')).toBe('one\n');
  expect(lstatSync(file).mode & 0o777).toBe(0o600);
  expect(write('two\n', 'its end')).toBe('one\ntwo\n');
  expect(write('three\n', 'empty')).toBe('three\n');
});

test.each(['its end', 'empty'] as const)('from %s: a link that was left there is not followed', (from) => {
  const victim = join(directory, 'victim');
  writeFileSync(victim, 'of somebody');
  symlinkSync('victim', file);
  expect(write('line\n', from)).toBe('line\n');
  expect(readFileSync(victim, 'utf8')).toBe('of somebody');
  expect(lstatSync(file).isFile()).toBe(true);
});

test('a pipe nobody reads is not waited at', () => {
  execFileSync('mkfifo', [file]);
  expect(write('line\n', 'its end')).toBe('line\n');
});
