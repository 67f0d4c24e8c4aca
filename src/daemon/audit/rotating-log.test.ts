import { lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../channel/test-support/streams.js';
import { SystemLogDirectory } from './log-directory.js';
import { fakeLogDirectory } from './log-directory.test-support.js';
import { RotatingLog } from './rotating-log.js';

function logIn(directory = fakeLogDirectory()) {
  const lost: [number, string][] = [];
  const onLost = (count: number, reason: string): void => void lost.push([count, reason]);
  const log = new RotatingLog({ series: 'notable', directory, fileBytes: 20, files: 3, onLost });
  const write = async (...lines: string[]): Promise<void> => {
    for (const line of lines) log.append(line);
    await log.flush();
  };
  const content = (number: number): string | undefined =>
    directory.files.get(`notable-0000000${number}.jsonl`)?.toString();
  return { log, directory, lost, write, content };
}

test('lines gathered since the last flush are one write', async () => {
  const { directory, write, content } = logIn();
  await write('one', 'two', 'three');
  expect(content(1)).toBe('one\ntwo\nthree\n');
  expect(directory.writes).toBe(1);
});

test('a file that is full is left for the next, and only so many are kept', async () => {
  const { directory, write, content } = logIn();
  for (let number = 0; number < 12; number += 1) await write(`line number ${number}`);
  expect([...directory.files.keys()]).toEqual([
    'notable-00000004.jsonl',
    'notable-00000005.jsonl',
    'notable-00000006.jsonl',
  ]);
  expect(content(6)).toBe('line number 10\nline number 11\n');
});

test('one batch fills several files', async () => {
  const { write, content } = logIn();
  await write('1234567890', '1234567890', 'abc', '1234567890', '1234567890', 'x');
  expect([content(1), content(2), content(3)]).toEqual([
    '1234567890\n1234567890\n',
    'abc\n1234567890\n1234567890\n',
    'x\n',
  ]);
});

test('a later daemon goes on in the last file, behind what was cut off', async () => {
  const { directory, write } = logIn();
  await write('whole');
  directory.files.set('notable-00000001.jsonl', Buffer.from('whole\nbro'));
  const later = logIn(directory);
  expect(later.log.lastLine()).toBe('whole');
  await later.write('next');
  expect(later.content(1)).toBe('whole\nbro\nnext\n');
});

test('on a full disk every line that does not fit is counted, and later ones are whole', async () => {
  const { directory, write, content, lost } = logIn();
  directory.room = 6;
  await write('one', 'two', 'six');
  expect(content(1)).toBe('one\ntw');
  expect(lost).toEqual([[2, 'ENOSPC: no space left on device, write']]);
  await write('gone');
  expect(lost[1]).toEqual([1, 'ENOSPC: no space left on device, write']);
  directory.room = 1000;
  await write('back');
  expect(content(1)).toBe('one\ntw\nback\n');
});

test('a directory that cannot be read loses lines and nothing else', async () => {
  const { directory, write, lost } = logIn();
  directory.names = () => {
    throw new Error('EIO');
  };
  await write('one', 'two');
  expect(lost).toEqual([[2, 'EIO']]);
});

test('a disk that takes nothing for long does not fill the memory', async () => {
  const { directory, log, lost } = logIn();
  const stuck = Promise.withResolvers<{ written: number }>();
  directory.append = async () => stuck.promise;
  log.append('first');
  const flushed = log.flush();
  const line = 'x'.repeat(1000);
  for (let count = 0; count < 3000; count += 1) log.append(line);
  expect(lost.length).toBe(3000 - 2097);
  stuck.resolve({ written: 6 });
  directory.append = async (_name, bytes) => Promise.resolve({ written: bytes.length });
  await flushed;
});

test('what is queued when the process ends is written at once', async () => {
  const { log, content, directory } = logIn();
  log.append('last words');
  log.flushNow();
  expect(content(1)).toBe('last words\n');
  await log.flush();
  expect(directory.writes).toBe(1);
});

test('files are for their owner alone, and links are not followed', async () => {
  const parent = await temporaryDirectory();
  const path = join(parent, 'audit');
  const directory = new SystemLogDirectory(path);
  expect(await directory.append('a-1', Buffer.from('text\n'))).toEqual({ written: 5 });
  directory.appendNow('a-1', 'more\n');
  expect(await readFile(join(path, 'a-1'), 'utf8')).toBe('text\nmore\n');
  expect((await lstat(path)).mode & 0o777).toBe(0o700);
  expect((await lstat(join(path, 'a-1'))).mode & 0o777).toBe(0o600);
  expect(directory.tail('a-1', 3)).toEqual({ bytes: Buffer.from('re\n'), size: 10 });
  await writeFile(join(parent, 'target'), '');
  await symlink(join(parent, 'target'), join(path, 'a-2'));
  expect((await directory.append('a-2', Buffer.from('x'))).error?.message).toContain('ELOOP');
  await mkdir(join(path, 'a-3'));
  expect((await directory.append('a-3', Buffer.from('x'))).error?.message).toContain('EISDIR');
  await directory.remove('a-1');
  expect(await directory.open('a-1')).toBeUndefined();
  expect((await readdir(path)).toSorted()).toEqual(['a-2', 'a-3']);
});
