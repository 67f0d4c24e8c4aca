import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { Journal } from './journal.js';
import { journalServiceOutput, toJournalText } from './service-output.js';

test('marks a JSON line with its service', () => {
  expect(JSON.parse(toJournalText('dockerd', '{"level":"warning","msg":"x"}'))).toEqual({
    service: 'dockerd',
    level: 'warning',
    msg: 'x',
  });
});

test.each(['panic: runtime error', '{"broken', '{', 'null'])('wraps %j', (line) => {
  expect(JSON.parse(toJournalText('containerd', line))).toEqual({
    service: 'containerd',
    level: 'info',
    msg: line,
  });
});

test('a line without end is cut, and the next one is whole', async () => {
  const journal = new Journal();
  const output = new PassThrough();
  journalServiceOutput('dockerd', output, journal);
  for (let count = 0; count < 16; count += 1) output.write('x'.repeat(65_536));
  output.end('\r\nnext\r\n');
  await finished(output);
  const texts: string[] = [];
  for await (const text of journal.read({}, new AbortController().signal)) texts.push(text);
  expect(texts.map((text) => text.length)).toEqual([
    toJournalText('dockerd', 'x'.repeat(16_384)).length,
    toJournalText('dockerd', 'next').length,
  ]);
});
