import { once } from 'node:events';
import { type Duplex, duplexPair } from 'node:stream';
import { expect, test } from 'vitest';
import { serveNames } from './serve-names.js';

/** Of a connection on which this is asked, the other side. */
function asked(questions: readonly string[], answer: (text: string) => void): Duplex {
  const [client, served] = duplexPair();
  void serveNames(served, async (question) => {
    answer(question.toString());
    return Promise.resolve(question);
  });
  client.write(
    Buffer.concat(questions.map((text) => Buffer.concat([Buffer.from([0, text.length]), Buffer.from(text)]))),
  );
  return client.resume();
}

test('who asks a thousand times at once has one answer where others have one', async () => {
  const answers: string[] = [];
  const count = (text: string): void => void answers.push(text);
  asked(
    Array.from({ length: 1000 }, () => 'many'),
    count,
  );
  const other = asked(['one'], count);
  await once(other, 'data');
  expect(answers).toContain('one');
  expect(answers.length).toBeLessThan(20);
  // And all of them in the end.
  await expect.poll(() => answers.length).toBe(1001);
});
