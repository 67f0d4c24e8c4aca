import { duplexPair } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { answerTo, askOnce } from './answer.js';
import { framed, framedMessages } from './framing.js';
import { longestAgentMessage, refusedByAgent } from './messages.js';

const list = Buffer.from([11]);
const keys = Buffer.from([12, 0, 0, 0, 0]);

test('what may be asked is, and the answer is handed on', async () => {
  expect(await answerTo(list, async () => keys)).toEqual(keys);
});

test('what may not be asked does not reach the agent', async () => {
  const ask = vi.fn<() => Promise<Buffer>>(async () => Buffer.from([6]));
  for (const type of [1, 17, 18, 19, 20, 22, 25, 27])
    expect(await answerTo(Buffer.from([type]), ask)).toEqual(refusedByAgent);
  expect(ask).not.toHaveBeenCalled();
});

test.each<[string, () => Promise<Buffer>]>([
  ['another answer', async () => Buffer.from([6])],
  ['a failure', () => Promise.reject(new Error('gone'))],
])('%s of the agent is a refusal', async (_what, ask) => {
  expect(await answerTo(list, ask)).toEqual(refusedByAgent);
});

test('an agent is asked by a connection that ends with its answer', async () => {
  const [ours, agent] = duplexPair();
  const heard: Buffer[] = [];
  agent.once('data', (chunk: Buffer) => {
    heard.push(chunk);
    const answer = framed(keys);
    agent.write(answer.subarray(0, 3));
    agent.write(Buffer.concat([answer.subarray(3), Buffer.from('more')]));
  });
  expect(await askOnce(() => ours, list)).toEqual(keys);
  expect(heard).toEqual([framed(list)]);
  expect(ours.destroyed).toBe(true);
});

test('an agent that goes instead of answering is an error', async () => {
  const [ours, agent] = duplexPair();
  agent.once('data', () => agent.end());
  await expect(askOnce(() => ours, list)).rejects.toThrow('ended the connection');
});

test('messages in pieces, and several in one piece, are those that were sent', async () => {
  const [near, far] = duplexPair();
  const sent = [list, keys, Buffer.alloc(100_000, 7)];
  const bytes = Buffer.concat(sent.map((one) => framed(one)));
  far.write(bytes.subarray(0, 7));
  setImmediate(() => far.end(bytes.subarray(7)));
  const got: Buffer[] = [];
  for await (const one of framedMessages(near)) got.push(one);
  expect(got).toEqual(sent);
});

test('a stream that ends within a message has none', async () => {
  const [near, far] = duplexPair();
  far.end(framed(keys).subarray(0, 6));
  const got: Buffer[] = [];
  for await (const one of framedMessages(near)) got.push(one);
  expect(got).toEqual([]);
});

test.each([0, longestAgentMessage + 1, 0xff_ff_ff_ff])(
  'a message of %d bytes is not read',
  async (length) => {
    const [near, far] = duplexPair();
    const head = Buffer.alloc(4);
    head.writeUInt32BE(length);
    far.write(head);
    await expect(framedMessages(near).next()).rejects.toThrow(`${length} bytes`);
  },
);
