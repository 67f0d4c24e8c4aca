import { expect, test } from 'vitest';
import { formatLogLine } from './log-line.js';

test.each([
  ['{"time":"T","service":"dockerd","level":"error","msg":"no","id":3}', 'T dockerd ERROR no id=3'],
  ['{"component":"controller","level":"info","msg":"up"}', 'controller up'],
  ['{"msg":"x","err":{"code":1}}', 'x err={"code":1}'],
  ['plain text', 'plain text'],
  ['{"no":"message"}', '{"no":"message"}'],
])('%s', (line, text) => {
  expect(formatLogLine(line)).toBe(text);
});

test('a log nested without end is a line like any other', () => {
  const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
  expect(formatLogLine(`{"msg":"x","list":${deep}}`)).toBe('x list=…');
});

test('a log cannot write escape sequences to the terminal', () => {
  expect(formatLogLine(JSON.stringify({ msg: '\u001B[2Jx', name: '\u0007' }))).toBe('[2Jx name=');
  expect(formatLogLine('\u001B[2Jx')).toBe('[2Jx');
});
