import { type Duplex, duplexPair } from 'node:stream';
import { expect, test, vi } from 'vitest';
import {
  type AskAgent,
  askOnce,
  framed,
  framedMessages,
  mostAgentRequests,
  refusedByAgent,
} from '../../common/ssh-agent/index.js';
import { serveAgentRequests } from './serve-requests.js';

const list = Buffer.from([11]);
const keys = Buffer.from([12, 0, 0, 0, 0]);
const id = (number: number): Buffer => Buffer.from([0, 0, 0, number]);

function setUp(answer: AskAgent = async () => keys) {
  const [stream, guest] = duplexPair();
  const ask = vi.fn<AskAgent>(answer);
  const warn = vi.fn<() => void>();
  const over = serveAgentRequests({ openAgent: async () => stream }, ask, { warn });
  return { stream, guest, ask, warn, over, heard: framedMessages(guest) };
}

test('a request of the guest is answered under its number', async () => {
  const { guest, ask, heard, over } = setUp();
  guest.write(framed(id(7), list));
  expect((await heard.next()).value).toEqual(Buffer.concat([id(7), keys]));
  expect(ask).toHaveBeenCalledExactlyOnceWith(list, expect.any(AbortSignal));
  guest.end();
  await over;
});

test('H16: what is not allowed does not reach the agent, whatever the guest has let pass', async () => {
  const { guest, ask, heard } = setUp();
  for (const [index, type] of [1, 17, 18, 19, 20, 22, 23, 25, 27].entries()) {
    guest.write(framed(id(index), Buffer.from([type])));
    expect((await heard.next()).value).toEqual(Buffer.concat([id(index), refusedByAgent]));
  }
  expect(ask).not.toHaveBeenCalled();
});

test.each<[string, Buffer]>([
  ['no message', framed(id(1))],
  ['a message that is too long', Buffer.from([0, 16, 0, 0])],
])('H16: a guest that says %s is not heard any more', async (_what, bytes) => {
  const { guest, ask, stream, warn, over } = setUp();
  guest.write(bytes);
  guest.write(framed(id(1), list));
  await over;
  expect(stream.destroyed).toBe(true);
  expect(warn).toHaveBeenCalledTimes(1);
  expect(ask).not.toHaveBeenCalled();
});

test('H16: a guest with more requests than may be under way is not heard any more', async () => {
  const { guest, ask, stream, over } = setUp(() => new Promise(() => undefined));
  for (let count = 0; count <= 2 * mostAgentRequests; count++) guest.write(framed(id(1), list));
  await over;
  expect(stream.destroyed).toBe(true);
  expect(ask).toHaveBeenCalledTimes(2 * mostAgentRequests);
});

test('a guest that does not know the request is left alone', async () => {
  const warn = vi.fn<() => void>();
  const openAgent = () => Promise.reject(new Error('status 404'));
  await serveAgentRequests({ openAgent }, async () => keys, { warn });
  expect(warn).toHaveBeenCalledTimes(1);
});

test('H16: what a session has asked for and that is not answered yet is given up with it', async () => {
  const agents: Duplex[] = [];
  const { guest, over } = setUp((request, signal) =>
    askOnce(
      () => {
        const [near, far] = duplexPair();
        agents.push(near);
        far.resume();
        return near;
      },
      request,
      signal,
    ),
  );
  for (let count = 0; count < 3; count++) guest.write(framed(id(count), list));
  await vi.waitFor(() => expect(agents).toHaveLength(3));
  expect(agents.some(({ destroyed }) => destroyed)).toBe(false);
  guest.end();
  await over;
  expect(agents.every(({ destroyed }) => destroyed)).toBe(true);
});
