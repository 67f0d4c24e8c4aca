import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { logFile } from './log-file.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-log-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('however much is said, two files of the limit are kept, with the last of it', () => {
  const file = join(directory, 'log');
  appendFileSync(file, 'of an earlier controller\n');
  const log = logFile(file, 1000);
  for (let count = 1; count <= 1000; count += 1) log.write(`line ${count}\n`);
  for (const each of [file, `${file}.1`]) expect(statSync(each).size).toBeLessThan(1100);
  const kept = readFileSync(`${file}.1`, 'utf8') + readFileSync(file, 'utf8');
  expect(kept).toMatch(/line 998\nline 999\nline 1000\n$/);
});

test('what others append, as a crash of the controller is told, is in the same file after it was emptied', () => {
  const file = join(directory, 'log');
  const log = logFile(file, 10);
  log.write('more than ten bytes\n');
  appendFileSync(file, 'Error: crash\n');
  expect(readFileSync(file, 'utf8')).toBe('Error: crash\n');
  expect(readFileSync(`${file}.1`, 'utf8')).toBe('more than ten bytes\n');
});

test('neither a link of the name of the log is written through, nor one of the copy’s', () => {
  const [file, victim] = [join(directory, 'log'), join(directory, 'victim')];
  writeFileSync(victim, 'of somebody');
  for (const name of [file, `${file}.1`]) symlinkSync('victim', name);
  logFile(file, 10).write('more than ten bytes\n');
  expect(readFileSync(victim, 'utf8')).toBe('of somebody');
  expect(readFileSync(`${file}.1`, 'utf8')).toBe('more than ten bytes\n');
});

test('a disk that is full costs the text alone', () => {
  expect(() => logFile('/dev/full').write('lost\n')).not.toThrow();
});
