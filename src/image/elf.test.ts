import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parseElf } from './elf.js';

test('a dynamic program names its loader and its libraries', async () => {
  const elf = parseElf(await readFile('/bin/ls'));
  expect(elf?.interpreter).toMatch(/^\/lib/);
  expect(elf?.needed).toContain('libc.so.6');
});

test('what is no ELF file is none, and one that is cut short is an error', async () => {
  expect(parseElf(Buffer.from('#!/bin/sh\n'))).toBeUndefined();
  expect(parseElf(Buffer.alloc(0))).toBeUndefined();
  const bytes = await readFile('/bin/ls');
  expect(() => parseElf(bytes.subarray(0, 100))).toThrow(RangeError);
});
